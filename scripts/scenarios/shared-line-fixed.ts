/**
 * As shared-line, but what the driver stores to has a cache line of its own, so that no line is written by both sides.
 */
import { defineScenario, IOMemoryDescriptor, kIODirectionIn, kIOMemoryIncoherentIOFlush } from 'wiredown';

/** Bytes of a request: the device writes its status, the driver counts its tries. */
const status = 0;
const tries = 64;

export default defineScenario({
  name: 'status and count in a cache line each',
  machine: { physicalMemory: 1 << 20, coherentDma: false },

  setup(machine) {
    const request = machine.kernel.allocate(4096);
    return {
      request,
      answer: IOMemoryDescriptor.withAddressRange(request + status, 4, kIODirectionIn, machine.kernel.kernelTask),
    };
  },

  tasks: {
    kernel(task, { request, answer }) {
      answer.prepare();
      task.send('disk', answer.getPhysicalAddress());
      task.store32(request + tries, 1);
      task.waitInterrupt('disk');
      answer.performOperation(kIOMemoryIncoherentIOFlush, 0, 4);
      task.log(`status ${task.load32(request + status)}`);
      answer.complete();
    },
  },

  devices: {
    disk(device) {
      for (;;) {
        device.store32(device.receive() as number, 7);
        device.interrupt('disk');
      }
    },
  },
});
