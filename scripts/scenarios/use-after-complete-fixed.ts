/** The driver of use-after-complete.ts, mended: whoever takes the lock again asks whether the request is still pending. */
import { defineScenario, IOLock, IOMemoryDescriptor, kIODirectionOutIn } from 'wiredown';

export default defineScenario({
  name: 'use after complete, fixed',
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
        if (task.load32(pending) === 1) {
          request.readBytes(0, new Uint8Array(4));
          request.complete();
        }
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
