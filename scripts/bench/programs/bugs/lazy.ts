/** CS.lazy01: two additions under a lock, and a check that fails where both come before it. */
import { defineScenario, IOLock } from 'wiredown';
import { creates, words } from './words.ts';

export default defineScenario({
  name: 'lazy01',
  machine: { physicalMemory: 1 << 20 },
  setup: (machine) => ({ data: words(machine), lock: IOLock.alloc('data') }),
  tasks: {
    main: creates('one', 'two', 'three'),
    app: {
      one(task, { data, lock }) {
        task.receive();
        lock.lock();
        task.store32(data, task.load32(data) + 1);
        lock.unlock();
      },
      two(task, { data, lock }) {
        task.receive();
        lock.lock();
        task.store32(data, task.load32(data) + 2);
        lock.unlock();
      },
      three(task, { data, lock }) {
        task.receive();
        lock.lock();
        task.assert(task.load32(data) < 3, 'not both');
        lock.unlock();
      },
    },
  },
});
