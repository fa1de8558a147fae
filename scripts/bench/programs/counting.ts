/**
 * Programs whose executions others have counted (Nidhugg and GenMC agree): what partial-order reduction has to come to. Every access to shared
 * words is an atomic one, the words are there from the start, all threads begin together, and nothing is asserted: a failed assertion
 * would end its thread before its time.
 */
import { defineScenario, IOLock, type Scenario, type ScenarioMachine, type Task, threads } from 'wiredown';

const minusOne = 2 ** 32 - 1;

/** Address of the first of a page of shared words, all of them 0. */
function words(machine: ScenarioMachine): number {
  const app = machine.task('app');
  const address = app.allocate(4096);
  app.store32(address, 0);
  return address;
}

/** So many threads add 1 to a counter so many times, with a load and a store. */
export const lostUpdate = (count: number, times: number): Scenario =>
  defineScenario({
    name: `lost update ${count}×${times}`,
    machine: { physicalMemory: 1 << 20 },
    setup: (machine) => ({ counter: words(machine) }),
    tasks: {
      app: threads(count, (task: Task, { counter }: { counter: number }) => {
        for (let i = 0; i < times; i++) task.atomic.store(counter, task.atomic.load(counter) + 1);
      }),
    },
    outcome: ({ machine, shared }) => String(machine.task('app').load32(shared.counter)),
  }) as Scenario;

/** Setters store to a and then to b; a checker looks whether it finds both as before, or else both as after. */
export const reorder = (setters: number): Scenario =>
  defineScenario({
    name: `reorder_${setters + 1}`,
    machine: { physicalMemory: 1 << 20 },
    setup(machine) {
      const a = words(machine);
      return { a, b: a + 4 };
    },
    tasks: {
      app: threads(setters + 1, (task: Task, { a, b }: { a: number; b: number }, i) => {
        if (i < setters) {
          task.atomic.store(a, 1);
          task.atomic.store(b, minusOne);
          return '';
        }
        const before = task.atomic.load(a) === 0 && task.atomic.load(b) === 0;
        return String(before || (task.atomic.load(a) === 1 && task.atomic.load(b) === minusOne));
      }),
    },
    outcome: ({ results }) => String(results[`app.${setters}`]),
  }) as Scenario;

/** Writers store to two words, each under a lock of its own; a reader looks at both, the second only where the first was set. */
export const twostage = (writers: number): Scenario =>
  defineScenario({
    name: `twostage ${writers}+1`,
    machine: { physicalMemory: 1 << 20 },
    setup(machine) {
      const d1 = words(machine);
      return { d1, d2: d1 + 4, first: IOLock.alloc('first')!, second: IOLock.alloc('second')! };
    },
    tasks: {
      app: threads(
        writers + 1,
        (task: Task, { d1, d2, first, second }: { d1: number; d2: number; first: IOLock; second: IOLock }, i) => {
          first.lock();
          if (i < writers) {
            task.atomic.store(d1, 1);
            first.unlock();
            second.lock();
            task.atomic.store(d2, task.atomic.load(d1) + 1);
            second.unlock();
            return '';
          }
          const before = task.atomic.load(d1);
          first.unlock();
          if (before === 0) return '0';
          second.lock();
          const after = task.atomic.load(d2);
          second.unlock();
          return `${before} ${after}`;
        },
      ),
    },
    outcome: ({ results }) => String(results[`app.${writers}`]),
  }) as Scenario;

export default [
  lostUpdate(2, 1),
  lostUpdate(2, 3),
  lostUpdate(2, 5),
  reorder(2),
  reorder(4),
  reorder(9),
  twostage(3),
  twostage(99),
];
