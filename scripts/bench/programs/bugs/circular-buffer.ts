/** CS.circular_buffer: a consumer counts its turns also where there was nothing to receive, and then expects a later number. */
import { defineScenario, IOLock } from 'wiredown';
import { creates, words } from './words.ts';

const size = 10;
const turns = 7;

export default defineScenario({
  name: 'circular_buffer',
  machine: { physicalMemory: 1 << 20 },
  setup(machine) {
    const next = words(machine);
    machine.task('app').store32(next + 8, 1);
    return {
      next,
      first: next + 4,
      send: next + 8,
      receive: next + 12,
      buffer: next + 16,
      lock: IOLock.alloc('buffer'),
    };
  },
  tasks: {
    main: creates('producer', 'consumer'),
    app: {
      producer(task, { next, send, receive, buffer, lock }) {
        task.receive();
        for (let i = 0; i < turns; i++) {
          lock.lock();
          if (task.load32(send) === 1) {
            task.store32(buffer + 4 * task.load32(next), i);
            task.store32(next, (task.load32(next) + 1) % size);
            task.store32(send, 0);
            task.store32(receive, 1);
          }
          lock.unlock();
        }
      },
      consumer(task, { next, first, send, receive, buffer, lock }) {
        task.receive();
        for (let i = 0; i < turns; i++) {
          lock.lock();
          if (task.load32(receive) === 1) {
            let value = -1;
            if (task.load32(next) > 0 && task.load32(first) < size) {
              value = task.load32(buffer + 4 * task.load32(first));
              task.store32(first, task.load32(first) + 1);
            }
            task.assert(value === i, 'numbers arrive in order');
            task.store32(receive, 0);
            task.store32(send, 1);
          }
          lock.unlock();
        }
      },
    },
  },
});
