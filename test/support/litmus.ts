/**
 * Litmus tests as scenarios: threads of plain stores and loads on words that start at 0, each word in a line of its own. An outcome is
 * what the loads saw, thread by thread, and where asked the words' last values.
 *
 * The shapes and their names are those of Alglave, Maranget and Tautschnig, "Herding cats" (TOPLAS 2014).
 */
import { defineScenario, type Scenario, type ThreadFunction } from '../../src/task/scenario.ts';

/** `Wx1` stores 1 to x, `Rx` loads x, `F` is a full fence (an atomic on a word of the thread's own). */
export type Instruction = string;

export interface Litmus {
  readonly name: string;
  readonly threads: readonly (readonly Instruction[])[];
  /** Words whose last value belongs to the outcome. */
  readonly last?: readonly string[];
}

const words = ['x', 'y', 'z'] as const;
const stride = 64;

/** The scenario; its outcome is a label like `10 01 x=2`: what each thread's loads saw, then the last values. */
export function litmusScenario(litmus: Litmus, memoryModel: 'sc' | 'tso' | 'pso'): Scenario<unknown> {
  const names = litmus.threads.map((_, i) => `p${i}`);
  const scenario: Scenario<{ base: number }> = {
    name: `${litmus.name} under ${memoryModel}`,
    machine: { physicalMemory: 2 ** 20, memoryModel },
    setup(machine) {
      const base = machine.task('app').allocate(4096);
      machine.task('app').store32(base, 0);
      return { base };
    },
    tasks: { app: Object.fromEntries(names.map((name, i) => [name, program(litmus.threads[i]!, i)])) },
    outcome({ machine, shared, results }) {
      const seen = names.map((name) => results[`app.${name}`]).filter((label) => label !== '');
      const last = (litmus.last ?? []).map((word) => `${word}=${machine.task('app').load32(at(shared.base, word))}`);
      return [...seen, ...last].join(' ');
    },
  };
  return defineScenario(scenario) as Scenario<unknown>;
}

function program(instructions: readonly Instruction[], thread: number): ThreadFunction<{ base: number }> {
  return (task, { base }) => {
    let seen = '';
    for (const instruction of instructions) {
      const word = instruction[1]!;
      if (instruction === 'F') task.atomic.add(base + stride * (words.length + thread), 1);
      else if (instruction[0] === 'W') task.store32(at(base, word), Number(instruction.slice(2)));
      else seen += task.load32(at(base, word));
    }
    return seen;
  };
}

const at = (base: number, word: string): number => base + stride * words.indexOf(word as 'x');
