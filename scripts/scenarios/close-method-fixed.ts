/** The user client of close-method.ts, mended: a lock makes looking at `closed` and using the connection one thing. */
import { defineScenario, IOLock, IOMemoryDescriptor, IOUserClient, kIODirectionOutIn } from 'wiredown';

export default defineScenario({
  name: 'close against method, fixed',
  machine: { physicalMemory: 1 << 20 },

  setup(machine) {
    const { kernel } = machine;
    const queue = kernel.allocate(4096);
    const closed = kernel.allocate(4096);
    const connect = IOUserClient.withTask(machine.task('client'));
    connect.clientMemoryForType(0, IOMemoryDescriptor.withAddressRange(queue, 4096, kIODirectionOutIn, kernel));
    return { connect, closed, map: connect.mapClientMemory64(0, machine.task('client')), lock: IOLock.alloc('client') };
  },

  tasks: {
    client: {},
    kernel: {
      method(task, { map, closed, lock }) {
        lock.lock();
        if (task.load32(closed) === 0) map.getVirtualAddress();
        lock.unlock();
      },
      close(task, { connect, closed, lock }) {
        lock.lock();
        task.store32(closed, 1);
        connect.clientClose();
        lock.unlock();
      },
    },
  },
});
