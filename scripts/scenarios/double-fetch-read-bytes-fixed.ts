/** The driver of double-fetch-read-bytes.ts, mended: it reads once, and checks and uses what it has read. */
import { defineScenario, IOMemoryDescriptor, kIODirectionOut } from 'wiredown';

const slots = 4;

export default defineScenario({
  name: 'double fetch through readBytes, fixed',
  machine: { physicalMemory: 1 << 20 },

  setup(machine) {
    const client = machine.task('client');
    const address = client.allocate(4096);
    client.store32(address, 2);
    return { address, request: IOMemoryDescriptor.withAddressRange(address, 4096, kIODirectionOut, client) };
  },

  tasks: {
    client(task, { address }) {
      task.store32(address, 100);
    },

    kernel(_task, { request }) {
      request.prepare();
      const count = new Uint8Array(4);
      request.readBytes(0, count);
      request.complete();
      return count[0]! <= slots;
    },
  },
});
