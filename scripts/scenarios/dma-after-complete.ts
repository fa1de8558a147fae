/**
 * Entry B03 of the race catalogue: a driver gives up waiting for a transfer and completes its descriptor while the device is
 * still at it. The pages are nobody's from then on, and the device goes on writing to them (XNU panics with "complete() while
 * dma active" where it notices).
 */
import { defineScenario, IOMemoryDescriptor, kIODirectionIn } from 'wiredown';

export default defineScenario({
  name: 'dma after complete',
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
      // The abort path: nobody has asked the device to stop.
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
