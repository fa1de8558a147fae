/**
 * Entry B02 of the race catalogue, the half that a snapshot of the *mapping* does not mend: a driver reads a count through its
 * descriptor, checks it, and reads the whole request again. `readBytes` sees the client's live memory both times.
 */
import { defineScenario, IOMemoryDescriptor, kIODirectionOut } from 'wiredown';

const slots = 4;

export default defineScenario({
  name: 'double fetch through readBytes',
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
      if (count[0]! <= slots) request.readBytes(0, count);
      request.complete();
    },
  },
});
