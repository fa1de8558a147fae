/**
 * CS.bluetooth_driver, both routines in threads of their own: the worker sees that nobody is stopping the driver, the stopper then
 * stops it, and the worker goes on in a driver that is gone.
 */
import { defineScenario, IOLock } from 'wiredown';
import { creates, words } from './words.ts';

export default defineScenario({
  name: 'bluetooth_driver',
  machine: { physicalMemory: 1 << 20 },
  setup(machine) {
    const pending = words(machine);
    machine.task('app').store32(pending, 1);
    return {
      pending,
      stoppingFlag: pending + 4,
      stoppingEvent: pending + 8,
      stopped: pending + 12,
      atomic: IOLock.alloc('atomic'),
    };
  },
  tasks: {
    main: creates('stopper', 'worker'),
    app: {
      stopper(task, { pending, stoppingFlag, stoppingEvent, stopped, atomic }) {
        task.receive();
        task.store32(stoppingFlag, 1);
        atomic.lock();
        task.store32(pending, task.load32(pending) - 1);
        const left = task.load32(pending);
        atomic.unlock();
        if (left === 0) task.store32(stoppingEvent, 1);
        if (task.load32(stoppingEvent) === 1) task.store32(stopped, 1);
      },
      worker(task, { pending, stoppingFlag, stoppingEvent, stopped, atomic }) {
        task.receive();
        if (task.load32(stoppingFlag) === 0) {
          atomic.lock();
          task.store32(pending, task.load32(pending) + 1);
          atomic.unlock();
          task.assert(task.load32(stopped) === 0, 'the driver is there');
        }
        atomic.lock();
        task.store32(pending, task.load32(pending) - 1);
        const left = task.load32(pending);
        atomic.unlock();
        if (left === 0) task.store32(stoppingEvent, 1);
      },
    },
  },
});
