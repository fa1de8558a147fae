/** The driver of prepare-race.ts, mended: a lock serialises its two paths, as Apple's page asks of whoever calls `prepare`. */
import { defineScenario, IOLock, IOMemoryDescriptor, kIODirectionOut } from 'wiredown';

export default defineScenario({
  name: 'prepare race, fixed',
  machine: { physicalMemory: 1 << 20 },

  setup(machine) {
    const client = machine.task('client');
    const address = client.allocate(8192);
    client.store32(address, 7);
    const request = IOMemoryDescriptor.withAddressRange(address, 8192, kIODirectionOut, client);
    return { request, lock: IOLock.alloc('request') };
  },

  tasks: {
    client: {},
    kernel: {
      submit(_task, { request, lock }) {
        lock.lock();
        request.prepare();
        request.complete();
        lock.unlock();
      },
      abort(_task, { request, lock }) {
        lock.lock();
        request.prepare();
        request.complete();
        lock.unlock();
      },
    },
  },
});
