/**
 * Swapped buffer, mended: with kIOMemoryPersistent the descriptor holds the memory itself from the moment it is made, or is refused where
 * there is none. What its client puts at that address afterwards is no concern of it.
 */
import { defineScenario, IOMemoryDescriptor, kIODirectionIn, kIOMemoryPersistent, kIOReturnSuccess } from 'wiredown';

export default defineScenario({
  name: 'swapped buffer, fixed',
  machine: { physicalMemory: 1 << 20 },

  setup(machine) {
    const client = machine.task('client');
    return { client, buffer: client.allocate(4096) };
  },

  tasks: {
    client(task, { buffer }) {
      task.send('kernel', buffer);
      task.deallocate(buffer, 4096);
      task.allocate(4096, { address: buffer });
    },
    kernel(task, { client }) {
      const address = task.receive() as number;
      const options = kIODirectionIn | kIOMemoryPersistent;
      const answer = IOMemoryDescriptor.withAddressRange(address, 4096, options, client);
      if (answer === null) return;
      if (answer.prepare() === kIOReturnSuccess) {
        answer.writeBytes(0, new Uint8Array([1, 2, 3, 4]));
        answer.complete();
      }
      answer.release();
    },
  },
});
