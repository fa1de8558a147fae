/**
 * Legal, though it looks otherwise (race-catalogue B34f): the client unmaps its buffer while a device writes into it. `prepare`
 * has wired the pages, and they stay until `complete`. The search must stay silent.
 */
import { defineScenario, IOMemoryDescriptor, kIODirectionIn } from 'wiredown';

export default defineScenario({
  name: 'unmap during dma',
  machine: { physicalMemory: 1 << 20 },

  setup(machine) {
    const client = machine.task('client');
    const buffer = client.allocate(4096);
    client.store32(buffer, 1);
    return { buffer, request: IOMemoryDescriptor.withAddressRange(buffer, 4096, kIODirectionIn, client) };
  },

  tasks: {
    client(task, { buffer }) {
      task.receive();
      task.deallocate(buffer, 4096);
      task.allocate(4096);
    },
    kernel(task, { request }) {
      request.prepare();
      task.send('disk', { address: request.getPhysicalAddress(), length: 128 });
      task.send('client', 'it is under way');
      task.waitInterrupt('disk');
      request.complete();
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
