/**
 * Entry B02 of the race catalogue: a driver maps its client's request, checks a count, and reads it again to use it. The
 * client changes it in between (xnu-3789.31.2 mended this in IOUserClient's large-input path with a copy-on-write mapping).
 *
 * Nothing asserts anything here: reading shared memory twice is the bug, and the rule `double-fetch` sees it.
 */
import { defineScenario, IOMemoryDescriptor, kIODirectionOut } from 'wiredown';

const slots = 4;

export default defineScenario({
  name: 'double fetch',
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
        if (task.load32(count) <= slots) {
          const used = task.load32(count);
          for (let i = 0; i < Math.min(used, slots); i++) task.load32(count + 4 + 4 * i);
        }
        map.release();
        request.complete();
      },
    },
  },
});
