/**
 * Somebody does not wait for the other's end: CB.aget-bug2 (a saver between the two updates of a downloader), the wait that is
 * missing in Splash2's programs, and misc.ctrace-test (a trace is taken down while somebody logs).
 */
import { defineScenario, IOLock } from 'wiredown';
import { creates, words } from './words.ts';

const downloaders = [0, 1];
const wanted = [100, 200];

const aget = defineScenario({
  name: 'aget-bug2',
  machine: { physicalMemory: 1 << 20 },
  setup(machine) {
    const total = words(machine);
    return { total, offsets: total + 4, lock: IOLock.alloc('total') };
  },
  tasks: {
    main: creates('one', 'two', 'saver'),
    app: {
      one(task, { total, offsets, lock }) {
        task.receive();
        task.store32(offsets, task.load32(offsets) + wanted[0]!);
        lock.lock();
        task.store32(total, task.load32(total) + wanted[0]!);
        lock.unlock();
      },
      two(task, { total, offsets, lock }) {
        task.receive();
        task.store32(offsets + 4, task.load32(offsets + 4) + wanted[1]!);
        lock.lock();
        task.store32(total, task.load32(total) + wanted[1]!);
        lock.unlock();
      },
      saver(task, { total, offsets }) {
        task.receive();
        let sum = 0;
        for (const i of downloaders) sum += task.load32(offsets + 4 * i);
        task.assert(sum === task.load32(total), 'what is saved adds up');
      },
    },
  },
});

const splash = defineScenario({
  name: 'splash2',
  machine: { physicalMemory: 1 << 20 },
  setup(machine) {
    const finished = words(machine);
    return { finished, work: finished + 4 };
  },
  tasks: {
    app: {
      main(task, { finished, work }) {
        task.send('app.child', null);
        task.store32(work, 1);
        task.store32(finished, task.load32(finished) + 1);
        task.assert(task.load32(finished) === 2, 'both have finished');
      },
      child(task, { finished, work }) {
        task.receive();
        task.store32(work + 4, 1);
        task.store32(finished, task.load32(finished) + 1);
      },
    },
  },
});

const ctrace = defineScenario({
  name: 'ctrace-test',
  machine: { physicalMemory: 1 << 20 },
  setup(machine) {
    const enabled = words(machine);
    machine.task('app').store32(enabled, 1);
    machine.task('app').store32(enabled + 4, 1);
    return { enabled, table: enabled + 4 };
  },
  tasks: {
    app: {
      main(task, { enabled, table }) {
        task.send('app.closer', null);
        if (task.load32(enabled) === 1) task.assert(task.load32(table) !== 0, 'the table is there');
      },
      closer(task, { enabled, table }) {
        task.receive();
        task.store32(enabled, 0);
        task.store32(table, 0);
      },
    },
  },
});

export default [aget, splash, ctrace];
