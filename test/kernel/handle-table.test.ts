/** The handle table (design.md, idea 3: a forged, stale or foreign handle is an error that changes nothing; rules 5, 15, 19). */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Journal } from '../../src/hardware/journal.ts';
import { HandleError, HandleTable, type Holder, machineHolder } from '../../src/kernel/handle-table.ts';
import { KernelObject } from '../../src/vm/kernel-object.ts';
import { seeded } from '../support/seeded.ts';

const test = suite('handle table');
const generation = 2 ** 30;

class Thing extends KernelObject {
  disposed = 0;

  constructor(
    journal: Journal,
    readonly kind = 'Thing',
  ) {
    super(journal);
  }

  protected dispose(): void {
    this.journal.set(this as Thing, 'disposed', this.disposed + 1);
  }
}

const holder = (number: number, pool = number + 1): Holder => ({ holder: number, name: `task ${number}`, pool });
const client = holder(1);
const driver = holder(2);
const machine: Holder = { holder: machineHolder, name: 'machine', pool: 0 };

function build() {
  const journal = new Journal();
  return { journal, table: new HandleTable(journal), thing: (kind?: string) => new Thing(journal, kind) };
}

/** The HandleError that `body` throws. */
function refused(body: () => unknown): HandleError {
  try {
    body();
  } catch (error) {
    assert.instance(error, HandleError);
    return error as HandleError;
  }
  return assert.unreachable('was not refused') as never;
}

test('a handle names its object for the task it was given to', () => {
  const { table, thing } = build();
  const object = thing();
  const id = table.give(object, client);
  assert.ok(id > 0);
  assert.is(table.lookup(id, 'Thing', client), object);
  assert.is(table.lookup(id, null, client), object);
  assert.is(table.give(object, client), id, 'one object has one handle');
});

test('a handle of another task is refused, and granting gives the right', () => {
  const { table, thing } = build();
  const object = thing();
  const id = table.give(object, client);
  assert.match(
    refused(() => table.lookup(id, 'Thing', driver)).message,
    /task 2: handle 0x[0-9a-f]+ was not given to this task/,
  );
  assert.is(table.grant(object, driver), id);
  assert.is(table.lookup(id, 'Thing', driver), object);
  assert.equal([...table.held(2)], [], 'a right is no reference');
  assert.is(object.references, 1);
});

test('the machine itself may use any handle', () => {
  const { table, thing } = build();
  const object = thing();
  assert.is(table.lookup(table.give(object, client), 'Thing', machine), object);
});

test('a handle of another kind is refused by both kinds', () => {
  const { table, thing } = build();
  const id = table.give(thing('IOMemoryMap'), client);
  assert.match(
    refused(() => table.lookup(id, 'IOMemoryDescriptor', client)).message,
    /names a IOMemoryMap, not a IOMemoryDescriptor/,
  );
});

test('forged handles are refused, whatever number they are', () => {
  const { table, thing } = build();
  const id = table.give(thing(), client);
  for (const forged of [
    0,
    id + 1,
    id - 1,
    id + generation,
    id + 5 * generation,
    2 ** 30,
    2 ** 53 - 1,
    0.5,
    id + 0.5,
    Number.NaN,
    -1,
    -id,
    Infinity,
  ]) {
    assert.is(refused(() => table.lookup(forged, null, client)).released, false, String(forged));
  }
});

test('a released handle is stale, and says who released what', () => {
  const { table, thing } = build();
  const object = thing();
  const id = table.give(object, client);
  table.release(object, client);
  assert.is(object.disposed, 1);
  const error = refused(() => table.lookup(id, 'Thing', client));
  assert.is(error.released, true);
  assert.match(error.message, /named a Thing that task 1 released/);
  assert.is(refused(() => table.lookup(id, 'Thing', driver)).released, false, 'who never had it has forged it');
});

test('the next object of a slot has another handle, and the old one stays stale', () => {
  const { table, thing } = build();
  const first = thing();
  const old = table.give(first, client);
  table.release(first, client);
  const second = thing();
  const id = table.give(second, client);
  assert.is(id, old + generation);
  assert.is(table.lookup(id, 'Thing', client), second);
  assert.is(refused(() => table.lookup(old, 'Thing', client)).released, true);
  table.release(second, client);
  table.give(thing(), client);
  assert.is(refused(() => table.lookup(old, 'Thing', client)).released, false, 'two generations ago is forgotten');
});

test('rights do not survive the object: a new one in the slot is foreign to old holders', () => {
  const { table, thing } = build();
  const first = thing();
  table.give(first, client);
  table.grant(first, driver);
  table.release(first, client);
  const second = thing();
  const id = table.give(second, client);
  assert.match(refused(() => table.lookup(id, 'Thing', driver)).message, /not given/);
});

test('counts references for each task (rule 15)', () => {
  const { table, thing } = build();
  const object = thing();
  table.give(object, client);
  table.retain(object, client);
  table.retain(object, driver);
  assert.is(object.references, 3);
  assert.equal([...table.held(1)], [[object, 2]]);
  assert.equal([...table.held(2)], [[object, 1]]);
  table.release(object, client);
  assert.equal([...table.held(1)], [[object, 1]]);
  table.release(object, client);
  assert.equal([...table.held(1)], []);
  assert.is(object.disposed, 0);
  assert.is(table.lookup(object.handle, 'Thing', client), object, 'the right stays while the object lives');
  table.release(object, driver);
  assert.is(object.disposed, 1);
});

test('dropAll takes a task away: its references, its rights, and nobody else’s', () => {
  const { table, thing } = build();
  const [mine, shared, foreign] = [thing(), thing(), thing()];
  table.give(mine, client);
  table.retain(mine, client);
  table.give(shared, client);
  table.retain(shared, driver);
  table.give(foreign, driver);
  table.grant(foreign, client);
  table.dropAll(client);
  assert.is(mine.disposed, 1);
  assert.is(shared.disposed, 0);
  assert.is(shared.references, 1);
  for (const object of [shared, foreign]) {
    assert.is(table.lookup(object.handle, 'Thing', driver), object);
    refused(() => table.lookup(object.handle, 'Thing', client));
  }
  assert.equal([...table.held(1)], []);
});

test('handles depend on nobody else’s doings (rule 5)', () => {
  const alone = build();
  const expected = [1, 2, 3].map(() => alone.table.give(alone.thing(), client));
  const mixed = build();
  const got: number[] = [];
  for (let i = 0; i < 3; i++) {
    mixed.table.give(mixed.thing(), driver);
    got.push(mixed.table.give(mixed.thing(), client));
    mixed.table.give(mixed.thing(), machine);
  }
  assert.equal(got, expected);
});

test('objects come in the order of slots, without those that are gone', () => {
  const { table, thing } = build();
  const list = [thing(), thing(), thing()];
  for (const object of list) table.give(object, client);
  table.release(list[1]!, client);
  assert.equal([...table.objects()], [list[0], list[2]]);
});

test('any use is rolled back: handles, rights, counts, and which handles come next (rule 19, property)', () => {
  const step = fc.record({
    kind: fc.constantFrom('make', 'retain', 'grant', 'release', 'drop'),
    who: fc.nat(2),
    pick: fc.nat(),
  });
  const holders = [machine, client, driver];
  seeded(
    fc.property(fc.array(step, { maxLength: 25 }), fc.array(step, { maxLength: 25 }), (first, second) => {
      const { journal, table, thing } = build();
      const known: { object: Thing; id: number }[] = [];
      const run = (steps: typeof first): unknown[] => {
        const log: unknown[] = [];
        for (const { kind, who, pick } of steps) {
          const caller = holders[who]!;
          if (kind === 'make') {
            const object = thing();
            const id = table.give(object, caller);
            known.push({ object, id });
            log.push(id);
            continue;
          }
          if (kind === 'drop') {
            table.dropAll(caller);
            continue;
          }
          if (known.length === 0) continue;
          const { id } = known[pick % known.length]!;
          try {
            const object = table.lookup(id, 'Thing', kind === 'grant' ? machine : caller);
            if (kind === 'grant') table.grant(object, caller);
            else if (kind === 'retain') table.retain(object, caller);
            else if ([...table.held(caller.holder)].some(([held]) => held === object)) table.release(object, caller);
            log.push([id, object.references]);
          } catch (error) {
            log.push((error as Error).message);
          }
        }
        return log;
      };
      const shot = () =>
        JSON.stringify([
          known.map(({ object, id }) => [
            object.handle,
            object.references,
            object.disposed,
            ...holders.map((who) => outcome(() => table.lookup(id, 'Thing', who))),
          ]),
          holders.map(({ holder: number }) => [...table.held(number)].map(([object, count]) => [object.handle, count])),
        ]);
      run(first);
      journal.base();
      const base = shot();
      const count = known.length;
      const once = run(second);
      journal.rollback();
      known.length = count;
      assert.is(shot(), base);
      assert.equal(run(second), once, 'the same again');
    }),
  );
});

function outcome(body: () => unknown): string {
  try {
    body();
    return 'found';
  } catch (error) {
    return (error as Error).message;
  }
}

test.run();
