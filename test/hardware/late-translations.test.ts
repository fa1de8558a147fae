/** Translation caches that forget late (`lateShootdown`): what they keep, what they take over, and who makes them forget. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { configure } from '../../src/hardware/configuration.ts';
import { Hardware } from '../../src/hardware/hardware.ts';
import { pteFrameShift, pteRead, pteWrite } from '../../src/hardware/page-table.ts';
import { accessRead, accessWrite } from '../../src/hardware/translation-cache.ts';

const test = suite('late translations');

const space = 3;
const entry = (frame: number, rights: number) => (frame << pteFrameShift) | rights;

function build() {
  const hardware = Hardware.build(configure({ physicalMemory: 2 ** 20, lateShootdown: true }));
  const { tables } = hardware;
  const late = hardware.late!;
  const caches = [0, 1].map((thread) => hardware.processorCache(space, thread));
  return { hardware, tables, late, caches };
}

test('a miss is filled from the page table, for the access that the page allows', () => {
  const { tables, late, caches, hardware } = build();
  tables.set(space, 5, entry(7, pteRead | pteWrite));
  assert.is(caches[0]!.translate(5 * 4096 + 12, accessRead), -1, 'a miss is the kernel’s to fill');
  assert.ok(late.fill(0, space, 5, accessRead));
  assert.is(caches[0]!.translate(5 * 4096 + 12, accessRead), 7 * 4096 + 12);
  assert.is(caches[0]!.translate(5 * 4096, accessWrite), -1, 'the first store marks the frame');
  assert.ok(late.fill(0, space, 5, accessWrite));
  assert.ok(hardware.frames.isDirty(7));
  assert.is(caches[0]!.translate(5 * 4096, accessWrite), 7 * 4096);
  assert.is(caches[1]!.translate(5 * 4096, accessRead), -1, 'a processor knows what it has used itself');
  tables.set(space, 6, entry(8, pteRead));
  assert.not(late.fill(0, space, 6, accessWrite));
  for (const address of [-4096, 2 ** 47, 0.5, Number.NaN]) assert.is(caches[0]!.translate(address, accessRead), -1);
});

test('what is taken away by hand is used on, and said to be stale, until it is shot down', () => {
  const { tables, late, caches } = build();
  tables.set(space, 5, entry(7, pteRead));
  for (const thread of [0, 1]) late.fill(thread, space, 5, accessRead);
  assert.not(caches[0]!.isStale);
  tables.clear(space, 5, true);
  assert.is(caches[0]!.translate(5 * 4096, accessRead), 7 * 4096);
  assert.ok(caches[0]!.isStale);
  assert.equal(
    [...late.holders(7)],
    [
      { processor: 0, page: 5 },
      { processor: 1, page: 5 },
    ],
  );
  late.forget(space, 5);
  assert.is(caches[0]!.translate(5 * 4096, accessRead), -1);
  assert.not(caches[0]!.isStale);
  assert.equal([...late.holders(7)], []);
});

test('what the kernel takes away is forgotten at once: a page, and a whole address space', () => {
  const { tables, late, caches } = build();
  const far = 2 ** 34 + 5;
  for (const page of [5, far]) {
    tables.set(space, page, entry(7, pteRead));
    late.fill(0, space, page, accessRead);
  }
  tables.set(space, 5, entry(9, pteRead));
  assert.is(caches[0]!.translate(5 * 4096, accessRead), -1);
  assert.is(caches[0]!.translate(far * 4096, accessRead), 7 * 4096);
  assert.equal([...late.holders(7)], [{ processor: 0, page: far }]);
  tables.destroy(space);
  assert.is(caches[0]!.translate(far * 4096, accessRead), -1);
});

test('sets hold eight; the next one takes the first line of its set, and is found', () => {
  const { tables, late, caches } = build();
  for (let page = 1; page <= 600; page++) {
    tables.set(space, page, entry(page % 200, pteRead));
    assert.ok(late.fill(1, space, page, accessRead));
    assert.is(caches[1]!.translate(page * 4096, accessRead), (page % 200) * 4096);
  }
});

test('fills and shoot-downs are rolled back', () => {
  const { hardware, tables, late, caches } = build();
  tables.set(space, 5, entry(7, pteRead));
  hardware.journal.base();
  late.fill(0, space, 5, accessRead);
  tables.clear(space, 5);
  hardware.journal.rollback();
  assert.is(caches[0]!.translate(5 * 4096, accessRead), -1);
  assert.ok(late.fill(0, space, 5, accessRead));
});

test.run();
