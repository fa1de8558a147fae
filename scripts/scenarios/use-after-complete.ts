/**
 * A driver's submit path prepares a request, lets its lock go while a device would be busy, and reads the answer afterwards; its
 * abort path completes the request in between. The memory is not held any more, and the real kernel stops at the copy.
 */
import { defineScenario, IOLock, IOMemoryDescriptor, kIODirectionOutIn } from 'wiredown';

export default defineScenario({
  name: 'use after complete',
  machine: { physicalMemory: 1 << 20 },

  setup(machine) {
    const client = machine.task('client');
    const request = IOMemoryDescriptor.withAddressRange(client.allocate(4096), 4096, kIODirectionOutIn, client);
    return { request, pending: machine.kernel.allocate(4096), lock: IOLock.alloc('request') };
  },

  tasks: {
    client: {},
    kernel: {
      submit(task, { request, pending, lock }) {
        lock.lock();
        request.prepare();
        task.store32(pending, 1);
        lock.unlock();
        lock.lock();
        // Whether it is still pending is only looked at below.
        request.readBytes(0, new Uint8Array(4));
        if (task.load32(pending) === 1) request.complete();
        task.store32(pending, 0);
        lock.unlock();
      },
      abort(task, { request, pending, lock }) {
        lock.lock();
        if (task.load32(pending) === 1) request.complete();
        task.store32(pending, 0);
        lock.unlock();
      },
    },
  },
});
