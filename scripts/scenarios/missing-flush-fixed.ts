/**
 * As missing-flush, but the driver writes the command block back to memory before it rings the doorbell.
 */
import { defineScenario, IOMemoryDescriptor, kIODirectionOut, kIOMemoryIncoherentIOStore } from 'wiredown';

export default defineScenario({
  name: 'command block, flushed',
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
      command.performOperation(kIOMemoryIncoherentIOStore, 0, 64);
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
