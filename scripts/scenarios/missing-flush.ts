/**
 * A driver writes a command block and rings the doorbell of a device that is not coherent: it sees memory, and what the processor
 * stored may be in the cache still. Whether that shows depends on what the cache happens to evict, so it passes on most days.
 */
import { defineScenario, IOMemoryDescriptor, kIODirectionOut } from 'wiredown';

export default defineScenario({
  name: 'command block without a flush',
  machine: { physicalMemory: 1 << 20, coherentDma: false },

  setup(machine) {
    const block = machine.kernel.allocate(4096);
    return {
      block,
      command: IOMemoryDescriptor.withAddressRange(block, 64, kIODirectionOut, machine.kernel.kernelTask),
    };
  },

  tasks: {
    kernel(task, { block, command }) {
      command.prepare();
      task.store32(block, 7);
      task.send('disk', command.getPhysicalAddress());
      task.waitInterrupt('disk');
      command.complete();
    },
  },

  devices: {
    disk(device) {
      for (;;) {
        const sector = device.load32(device.receive() as number);
        device.log(`reads sector ${sector}`);
        device.interrupt('disk');
      }
    },
  },
});
