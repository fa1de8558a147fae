// deadline: 300
/** Swap on real threads: a real file, workers that store while their pages are taken away, and a machine that shows what it holds. */
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FileSwapStore } from '../../src/machine/file-swap-store.ts';
import { Machine } from '../../src/machine/machine.ts';
import { within } from './support/bounded.ts';
import { shutDown } from './support/shut-down.ts';

const url = new URL('../fixtures/swap-task.ts', import.meta.url);
const limit = 120_000;
const swapFolders = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('wiredown-swap-'));

test('a file store gives back what was written last, opens when it must, and leaves nothing behind', () => {
  const before = swapFolders().length;
  const store = new FileSwapStore();
  assert.throws(() => store.read(0, new Uint8Array(8)));
  const page = (value: number): Uint8Array => new Uint8Array(4096).fill(value);
  store.write(5, page(5));
  store.write(2, page(2));
  store.write(5, page(6));
  const back = page(0);
  store.read(5, back);
  assert.equal(back, page(6));
  store.read(2, back);
  assert.equal(back, page(2));
  assert.throws(() => store.read(6, back), /ends before slot 6/);
  store.close();
  store.close();
  assert.is(swapFolders().length, before);
});

test('workers share more memory than there is: no store is lost', async () => {
  const pages = 400;
  const machine = await within(limit, 'booting', Machine.boot({ physicalMemory: 2 ** 20, swap: 4 * 2 ** 20 }));
  try {
    const a = await within(limit, 'spawning', machine.spawn(url, { name: 'a' }));
    const b = await within(limit, 'spawning', machine.spawn(url, { name: 'b', task: a }));
    const address = (await a.call('allocate', pages)) as number;
    const work = [a.call('work', address, 0, pages / 2, 4), b.call('work', address, pages / 2, pages / 2, 4)];
    assert.equal(await within(limit, 'working', Promise.all(work)), [0, 0]);
    await within(limit, 'adding', Promise.all([a.call('add', address, pages, 3), b.call('add', address, pages, 3)]));
    assert.is(await a.call('sum', address, pages), pages * 6);
    const copies = [a.call('bulk', address, 0, 150, 4), b.call('bulk', address, 200, 150, 4)];
    assert.equal(await within(limit, 'copying', Promise.all(copies)), [0, 0]);
    const shown = await machine.inspect();
    assert.equal(
      shown.objects.map(({ size, shadow, purgeable, resident, swapped }) => [
        size,
        shadow,
        purgeable,
        resident + swapped,
      ]),
      [[pages * 4096, null, 'no', pages]],
    );
    assert.ok(shown.swap.used >= pages - 255 && shown.swap.total === 1024);
    assert.is(shown.tasks.find(({ name }) => name === 'a')!.entries[0]!.start, address);
    const copy = (await a.call('copy', address, 8)) as number;
    assert.is(await a.call('sum', copy, 8), await a.call('sum', address, 8));
    assert.is((await machine.inspect()).tasks.find(({ name }) => name === 'a')!.entries[0]!.needsCopy, true);
  } finally {
    await within(limit, 'shutting down', shutDown(machine));
  }
});

test.run();
