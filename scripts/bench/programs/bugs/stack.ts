/** CS.stack: a flag says for ever that there is something on the stack; whoever pops more than was pushed finds it empty. */
import { defineScenario, IOLock } from 'wiredown';
import { creates, words } from './words.ts';

const size = 10;

export default defineScenario({
  name: 'stack',
  machine: { physicalMemory: 1 << 20 },
  setup(machine) {
    const top = words(machine);
    return { top, flag: top + 4, items: top + 8, lock: IOLock.alloc('stack') };
  },
  tasks: {
    main: creates('pusher', 'popper'),
    app: {
      pusher(task, { top, flag, items, lock }) {
        task.receive();
        for (let i = 0; i < size; i++) {
          lock.lock();
          task.assert(task.load32(top) !== size, 'there is room');
          task.store32(items + 4 * task.load32(top), i);
          task.store32(top, task.load32(top) + 1);
          task.store32(flag, 1);
          lock.unlock();
        }
      },
      popper(task, { top, flag, items, lock }) {
        task.receive();
        for (let i = 0; i < size; i++) {
          lock.lock();
          if (task.load32(flag) === 1) {
            task.assert(task.load32(top) !== 0, 'there is something');
            task.store32(top, task.load32(top) - 1);
            task.load32(items + 4 * task.load32(top));
          }
          lock.unlock();
        }
      },
    },
  },
});
