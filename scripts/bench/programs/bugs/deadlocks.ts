/**
 * Locks that are taken in a circle: CS.deadlock01 with two threads, phil_cycle_N with N philosophers, of whom each takes its own
 * fork first and then the next one's.
 */
import { defineScenario, IOLock, threads } from 'wiredown';
import { creates, upTo, words } from './words.ts';

const deadlock01 = defineScenario({
  name: 'deadlock01',
  machine: { physicalMemory: 1 << 20 },
  setup(machine) {
    const counter = words(machine);
    machine.task('app').store32(counter, 1);
    return { counter, a: IOLock.alloc('a'), b: IOLock.alloc('b') };
  },
  tasks: {
    main: creates('one', 'two'),
    app: {
      one(task, { counter, a, b }) {
        task.receive();
        a.lock();
        b.lock();
        task.store32(counter, task.load32(counter) + 1);
        b.unlock();
        a.unlock();
      },
      two(task, { counter, a, b }) {
        task.receive();
        b.lock();
        a.lock();
        task.store32(counter, task.load32(counter) - 1);
        a.unlock();
        b.unlock();
      },
    },
  },
});

const philosophers = [3, 5, 7].map((count) =>
  defineScenario({
    name: `phil_cycle_${count}`,
    machine: { physicalMemory: 1 << 20 },
    setup: () => ({ forks: Array.from({ length: count }, (_, i) => IOLock.alloc(`fork ${i}`)) }),
    tasks: {
      main: creates(...upTo(count)),
      app: threads(count, (task, { forks }, i) => {
        task.receive();
        const own = forks[i]!;
        const next = forks[(i + 1) % count]!;
        own.lock();
        next.lock();
        next.unlock();
        own.unlock();
      }),
    },
  }),
);

export default [deadlock01, ...philosophers];
