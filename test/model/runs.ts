/** Runs of fifty commands each: how they are drawn, printed and made shorter. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { callTable } from '../../src/kernel/calls/index.ts';
import { stateHash } from '../../src/kernel/state-hash.ts';
import type { Semantics } from '../support/machine.ts';
import { unwatch } from '../support/nothing-left.ts';
import { propertySeed, seeded } from '../support/seeded.ts';
import { issued } from './actor.ts';
import { type CommandName, commandNames, commands, subjects, undriven } from './commands/index.ts';
import { type Configuration, kinds, machineFor } from './configuration.ts';
import { Pick } from './pick.ts';
import { World } from './world.ts';

const length = 50;
/** Of each kind under both semantics and both page sizes: 2,040 in all. `RUNS` asks for another number. */
const runsOfEach = Number(process.env.RUNS ?? 102);
/** A run that failed is made shorter by trying as many others. More would seldom help, and take longer than a test file may. */
const mostShrinks = 200;

class Call implements fc.Command<object, World> {
  constructor(
    private readonly name: CommandName,
    private readonly numbers: readonly number[],
  ) {}

  check(): boolean {
    return true;
  }

  run(_: object, world: World): void {
    try {
      commands[this.name](world, new Pick(this.numbers, world.recent));
      world.check();
    } catch (error) {
      // The report of a property shows messages only.
      if (error instanceof Error && 'details' in error) error.message += `\n${error.details}`;
      throw error;
    }
  }

  toString(): string {
    return `${this.name}(${this.numbers.join(', ')})`;
  }
}

const furniture: readonly (readonly [CommandName, number])[] = [
  ['allocate', 6],
  ['memoryObject', 3],
  ['withOptions', 6],
  ['buffer', 3],
  ['prepare', 5],
  ['createMappingInTask', 4],
  ['command', 3],
  ['openClient', 2],
  ['offerMemory', 2],
  ['lockAlloc', 6],
];

const number = fc.nat(999);
const entry = fc.tuple(fc.nat(commandNames.length - 1), number, number, number, number);
type Entry = [number, number, number, number, number];

/**
 * Arrays of exactly `length` entries that may become shorter when they are shrunk, which `minLength` would forbid. Most commands of
 * a run are of the groups that it is about: what belongs together would come together too rarely otherwise.
 */
class WholeRuns extends fc.Arbitrary<Entry[]> {
  private readonly drawn = fc.array(entry, { minLength: length, maxLength: length });
  private readonly shrunk = fc.array(entry, { maxLength: length, size: 'max' });

  generate(random: fc.Random): fc.Value<Entry[]> {
    const about = subjects[random.nextInt(0, subjects.length - 1)]!;
    const entries = this.drawn.generate(random, undefined).value.map(([name, ...numbers]): Entry => {
      const subject = random.nextInt(0, 3) === 0 ? name : about[random.nextInt(0, about.length - 1)]!;
      return [subject, ...numbers];
    });
    return new fc.Value(entries, undefined);
  }

  canShrinkWithoutContext(value: unknown): value is Entry[] {
    return this.shrunk.canShrinkWithoutContext(value);
  }

  shrink(value: Entry[], context: unknown): fc.Stream<fc.Value<Entry[]>> {
    return this.shrunk.shrink(value, context) as fc.Stream<fc.Value<Entry[]>>;
  }
}

const runs = new WholeRuns().map(
  (entries) => entries.map(([name, ...numbers]) => new Call(commandNames[name]!, numbers)),
  (calls) => calls as never,
);

/** One test for each kind of machine, and one that no kernel call was left out. */
export function compareAll(semantics: Semantics): void {
  const test = suite(`model, ${semantics}`);
  let next = propertySeed;
  for (const pageSize of [4096, 16384] as const)
    for (const kind of kinds) {
      const seed = next++;
      const options = Object.entries(kind).map(([option, value]) => `${option}: ${value}`);
      const what = [pageSize, ...options, `seed ${seed}`].join(', ');
      test(`runs of ${length} commands agree with a simple model [${what}]`, () =>
        compare({ semantics, pageSize, ...kind }, seed));
    }
  test('every kernel call was made', () => {
    const missing = callTable.filter((call) => !issued.has(call)).map(({ name }) => name);
    assert.equal(missing.sort(), Object.keys(undriven).sort());
  });
  test.run();
}

/** One machine serves all runs, rolled back after each: making as many would keep the garbage collector busy. */
function compare(configuration: Configuration, seed: number): void {
  const machine = machineFor(configuration);
  const { kernelState, hardware } = machine;
  hardware.journal.base();
  const hash = stateHash(kernelState);
  let left = Number.POSITIVE_INFINITY;
  seeded(
    fc.property(runs, (run) => {
      if (left-- <= 0) return;
      const world = new World(configuration, machine);
      try {
        furnish(world);
        fc.modelRun(() => ({ model: {}, real: world }), run);
        world.end();
      } catch (error) {
        left = Math.min(left, mostShrinks);
        throw error;
      } finally {
        hardware.journal.rollback();
        unwatch(kernelState);
      }
      assert.is(stateHash(kernelState), hash, 'the machine is what it was before the run');
    }),
    runsOfEach,
    seed,
  );
}

/** Something of everything to begin with, for every task: what a command needs would seldom be there otherwise. */
function furnish(world: World): void {
  for (const [name, times] of furniture) for (let i = 0; i < times; i++) commands[name](world, new Pick([i, i, i, i]));
  world.check();
}
