/**
 * Redirecting under every schedule there is (C70, C71, C75): nobody sees anything but complete old or complete new memory, and
 * nobody sleeps for ever.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { kIODirectionOutIn, kIOMapAnywhere, kIOMapUnique } from '../../src/iokit/options.ts';
import { IOMemoryDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import type { IOMemoryMap } from '../../src/task/iokit/io-memory-map.ts';
import type { ScenarioMachine } from '../../src/task/scenario.ts';
import { type Ended, inline } from '../support/inline.ts';

const pages = 2;
const pageSizes = [4096, 16384] as const;
const physicalMemory = 2 ** 20;

/** Two descriptors of the kernel's memory, filled with 1 and 2, and a map of the first in `client`. */
function setup(machine: ScenarioMachine, page = 4096) {
  const size = pages * page;
  const [one, two] = [1, 2].map((value) => {
    const address = machine.kernel.allocate(size);
    machine.kernel.write(address, new Uint8Array(size).fill(value));
    return { address, md: IOMemoryDescriptor.withAddressRange(address, size, kIODirectionOutIn, machine.kernel) };
  });
  const map = one!.md.createMappingInTask(machine.task('client'), 0, kIOMapAnywhere | kIOMapUnique);
  return { map, one: one!.md, two: two!.md, next: two!.address, at: map.getVirtualAddress(), page };
}

const harmless = (ended: Ended[]): void => {
  for (const { violations } of ended)
    assert.equal(
      violations.filter(({ rule }) => rule !== 'data-race'),
      [],
    );
};

const results = (ended: Ended[], thread: string): string[] =>
  [...new Set(ended.map((one) => JSON.stringify(one.results[thread])))].sort();

for (const semantics of ['documented', 'xnu'] as const) {
  for (const pageSize of pageSizes) {
    test(`C71 a reader sees the old or the new memory, whole, and never what is made ready [${semantics}, ${pageSize}]`, () => {
      const ended = inline({
        machine: { physicalMemory, pageSize, semantics },
        setup: (machine) => setup(machine, pageSize),
        tasks: {
          client: (task, { at, page }) =>
            [task.load32(at), task.load32(at + page - 2)].map((value) => value.toString(16)),
          kernel: {
            move(task, { map, two, next }) {
              map.redirect(null);
              task.store32(next, 0x09090909);
              task.store32(next, 0x02020202);
              map.redirect(two);
            },
          },
        },
      }).all();
      harmless(ended);
      const [old, fresh] = ['1010101', '2020202'];
      assert.equal(
        results(ended, 'client'),
        [
          [old, old],
          [old, fresh],
          [fresh, fresh],
        ].map((pair) => JSON.stringify(pair)),
      );
    });
  }
}

for (const pageSize of pageSizes) {
  test(`C71 a scalar across two pages is never half old [${pageSize}]`, () => {
    const ended = inline({
      machine: { physicalMemory, pageSize },
      setup: (machine) => setup(machine, pageSize),
      tasks: {
        client: (task, { at, page }) => {
          task.store32(at + page - 2, 0x01010101);
          return task.load64(at + page - 4).toString(16);
        },
        kernel: {
          move(_task, { map, two, one }) {
            map.redirect(null);
            map.redirect(two);
            map.redirect(null);
            map.redirect(one);
          },
        },
      },
    }).all(3);
    harmless(ended);
    // Also when the store went to the other memory, as a whole.
    const seen = results(ended, 'client').map((text) => JSON.parse(text) as string);
    assert.equal(seen, ['101010101010101', '202010101010202', '202020202020202']);
  });
}

test('a scalar that sleeps for its second page looks at the first one again', () => {
  const ended = inline({
    setup(machine) {
      const made = setup(machine);
      const client = machine.task('client');
      const at = 2 ** 33;
      const { page } = made;
      const left = made.one.createMappingInTask(client, at, kIOMapUnique, 0, page);
      const right = made.one.createMappingInTask(client, at + page, kIOMapUnique, page, page);
      client.read(at, 2 * page);
      return { ...made, at, left, right };
    },
    tasks: {
      client: (task, { at, page }) => {
        // So that it stands below the driver on the stack, and goes on where it was.
        task.now();
        task.now();
        return task.load32(at + page - 2).toString(16);
      },
      kernel: {
        move(_task, { left, right, two, page }) {
          right.redirect(null);
          left.redirect(two, 0, 0);
          right.redirect(two, 0, page);
        },
      },
    },
  }).all();
  harmless(ended);
  assert.equal(results(ended, 'client'), ['"1010101"', '"2020202"']);
});

const ends: Record<string, (map: IOMemoryMap) => void> = {
  'is released': (map) => map.release(),
  'is unmapped': (map) => {
    map.unmap();
    map.release();
  },
  'loses its only holder': () => {
    throw new Error('this driver dies');
  },
};
for (const [name, end] of Object.entries(ends)) {
  for (const pageSize of pageSizes) {
    test(`C75 whoever waits at a map goes on when it ${name}, and faults [${pageSize}]`, () => {
      const size = pages * pageSize;
      const ended = inline({
        machine: { physicalMemory, pageSize },
        setup: (machine) => ({ client: machine.task('client') }),
        tasks: {
          client: (task) => {
            const at = task.receive() as number;
            try {
              return task.load8(at);
            } catch (error) {
              return (error as Error).name;
            }
          },
          driver: (task, { client }) => {
            const own = IOMemoryDescriptor.withAddressRange(task.allocate(size), size, kIODirectionOutIn, task);
            const map = own.createMappingInTask(client, 0, kIOMapAnywhere | kIOMapUnique);
            own.release();
            task.send('client', map.getVirtualAddress());
            map.redirect(null);
            end(map);
          },
        },
      }).all(2);
      // Before the redirect, while it lasts (then it slept, and was let go on), or after the end.
      assert.equal(results(ended, 'client'), ['"MemoryFault"', '0']);
      const allowed = name === 'loses its only holder' ? ['uncaught-exception'] : [];
      for (const { violations } of ended)
        assert.equal(
          violations.map(({ rule }) => rule),
          allowed,
        );
    });
  }
}

test('an access that nobody lets go on is a deadlock, which names the map and who redirected it', () => {
  const ended = inline({
    setup,
    tasks: {
      client: (task, { at }) => task.load8(at),
      kernel: { move: (_task, { map }) => map.redirect(null) },
    },
  }).all();
  const stuck = ended.flatMap(({ violations }) => violations).filter(({ rule }) => rule === 'deadlock');
  assert.ok(stuck.length > 0 && stuck.length < ended.length);
  for (const { text } of stuck)
    assert.match(text, /client waits for the map of client at 0x[0-9a-f]+, which kernel\.move redirected to nothing$/);
});

test('two redirects at once: the map shows one of the two memories, whole', () => {
  const ended = inline({
    setup,
    tasks: {
      client: {},
      kernel: {
        a: (_task, { map, two }) => map.redirect(two),
        b: (_task, { map, one }) => map.redirect(one),
      },
    },
    outcome: ({ machine, shared }) => {
      const client = machine.task('client');
      return `${client.load8(shared.at)}${client.load8(shared.at + shared.page)}`;
    },
  }).all();
  harmless(ended);
  assert.equal([...new Set(ended.map(({ outcome }) => outcome))].sort(), ['11', '22']);
});

test.run();
