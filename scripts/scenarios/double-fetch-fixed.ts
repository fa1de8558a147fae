/**
 * The driver of double-fetch.ts, mended: it reads the count once, into a local variable, and checks and uses that. The same
 * search must stay silent.
 */
import { defineScenario, IOMemoryDescriptor, kIODirectionOut } from 'wiredown';

const slots = 4;

export default defineScenario({
  name: 'double fetch, fixed',
  machine: { physicalMemory: 1 << 20 },

  setup(machine) {
    const client = machine.task('client');
    const address = client.allocate(4096);
    client.store32(address, 2);
    const request = IOMemoryDescriptor.withAddressRange(address, 4096, kIODirectionOut, client);
    return { address, request };
  },

  tasks: {
    client(task, { address }) {
      task.store32(address, 100);
    },

    kernel: {
      submit(task, { request }) {
        request.prepare();
        const map = request.map();
        const count = map.getVirtualAddress();
        const used = task.load32(count);
        if (used <= slots) {
          for (let i = 0; i < used; i++) task.load32(count + 4 + 4 * i);
        }
        map.release();
        request.complete();
      },
    },
  },
});
