/**
 * Programs that fail in nearly every schedule, to see that nothing is missed: CS.phase01 and CS.sync01 (somebody waits for ever),
 * CS.din_phil2 to 4 (an assertion about who comes last) and 5 to 7 (the first one to come takes a lock twice), CS.fsbench (one thread too many).
 */
import { defineScenario, IOLock, threads } from 'wiredown';
import { creates, upTo, words } from './words.ts';

const phase01 = defineScenario({
  name: 'phase01',
  machine: { physicalMemory: 1 << 20 },
  setup: () => ({ x: IOLock.alloc('x'), y: IOLock.alloc('y') }),
  tasks: {
    main: creates(0, 1),
    app: threads(2, (task, { x, y }) => {
      task.receive();
      x.lock();
      x.unlock();
      x.lock();
      y.lock();
      y.unlock();
      y.lock();
      y.unlock();
    }),
  },
});

const sync01 = defineScenario({
  name: 'sync01',
  machine: { physicalMemory: 1 << 20 },
  setup(machine) {
    const num = words(machine);
    machine.task('app').store32(num, 1);
    return { num, empty: num + 4, full: num + 8, lock: IOLock.alloc('num') };
  },
  tasks: {
    main: creates('one', 'two'),
    app: {
      one(task, { num, empty, full, lock }) {
        task.receive();
        lock.lock();
        while (task.load32(num) > 0) lock.sleep(empty);
        task.store32(num, task.load32(num) + 1);
        lock.unlock();
        lock.wakeup(full, true);
      },
      two(task, { num, empty, full, lock }) {
        task.receive();
        lock.lock();
        while (task.load32(num) === 0) lock.sleep(full);
        lock.unlock();
        lock.wakeup(empty, true);
      },
    },
  },
});

const philosophers = [2, 3, 4, 5, 6, 7].map((count) =>
  defineScenario({
    name: `din_phil${count}_sat`,
    machine: { physicalMemory: 1 << 20 },
    setup: (machine) => ({
      done: words(machine),
      atomic: IOLock.alloc('atomic'),
      forks: Array.from({ length: count }, (_, i) => IOLock.alloc(`fork ${i}`)),
    }),
    tasks: {
      main: creates(...upTo(count)),
      app: threads(count, (task, { done, atomic, forks }, i) => {
        task.receive();
        const own = forks[i]!;
        const next = forks[(i + 1) % count]!;
        atomic.lock();
        next.lock();
        own.lock();
        own.unlock();
        next.unlock();
        // The larger ones take it again instead, by mistake.
        if (count > 4) atomic.lock();
        else atomic.unlock();
        task.store32(done, task.load32(done) + 1);
        task.assert(task.load32(done) !== count, 'somebody is missing');
      }),
    },
  }),
);

const inodes = 32;
const blocks = 26;
const probes = 13;

const fsbench = defineScenario({
  name: 'fsbench',
  machine: { physicalMemory: 1 << 20 },
  setup(machine) {
    const inode = words(machine);
    const locks = (name: string) => Array.from({ length: blocks }, (_, i) => IOLock.alloc(`${name} ${i}`));
    return { inode, busy: inode + 4 * inodes, inodeLocks: locks('inode'), blockLocks: locks('block') };
  },
  tasks: {
    main: creates(...upTo(blocks + 1)),
    app: threads(blocks + 1, (task, { inode, busy, inodeLocks, blockLocks }, thread) => {
      task.receive();
      const i = thread % inodes;
      task.assert(i < blocks, 'the inode has a lock');
      inodeLocks[i]!.lock();
      if (task.load32(inode + 4 * i) === 0) {
        for (let probe = 0, block = (2 * i) % blocks; probe < probes; probe++, block = (block + 1) % blocks) {
          blockLocks[block]!.lock();
          const found = task.load32(busy + 4 * block) === 0;
          if (found) {
            task.store32(busy + 4 * block, 1);
            task.store32(inode + 4 * i, block + 1);
          }
          blockLocks[block]!.unlock();
          if (found) break;
        }
      }
      inodeLocks[i]!.unlock();
    }),
  },
});

export default [phase01, sync01, ...philosophers, fsbench];
