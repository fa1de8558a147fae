/** The driver of dma-after-complete.ts, mended: it stops the device, which returns when that is idle, and then completes. */
import { defineScenario, IOMemoryDescriptor, kIODirectionIn } from 'wiredown';

export default defineScenario({
  name: 'dma after complete, fixed',
  machine: { physicalMemory: 1 << 20 },

  setup(machine) {
    const client = machine.task('client');
    const buffer = client.allocate(4096);
    client.store32(buffer, 1);
    return { request: IOMemoryDescriptor.withAddressRange(buffer, 4096, kIODirectionIn, client) };
  },

  tasks: {
    client: {},
    kernel(task, { request }) {
      request.prepare();
      task.send('disk', { address: request.getPhysicalAddress(), length: 128 });
      task.stopDevice('disk');
      request.complete();
      task.waitInterrupt('disk');
    },
  },

  devices: {
    disk(device) {
      for (;;) {
        const { address, length } = device.receive() as { address: number; length: number };
        device.write(address, new Uint8Array(length).fill(0xff));
        device.interrupt('disk');
      }
    },
  },
});
