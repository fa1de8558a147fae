/** A driver and its device: eight transfers of 1 KiB, sixteen beats each, with `prepare` and `complete` around them. */
import { defineScenario, IOMemoryDescriptor, kIODirectionIn } from 'wiredown';

export default defineScenario({
  name: 'transfers',
  machine: { physicalMemory: 1 << 20 },
  setup(machine) {
    const address = machine.kernel.allocate(4096);
    return { request: IOMemoryDescriptor.withAddressRange(address, 1024, kIODirectionIn, machine.kernel) };
  },
  tasks: {
    kernel(task, { request }) {
      for (let i = 0; i < 8; i++) {
        request.prepare();
        task.send('disk', { address: request.getPhysicalAddress(), length: 1024 });
        task.stopDevice('disk');
        request.complete();
      }
    },
  },
  devices: {
    disk(device) {
      for (;;) {
        const { address, length } = device.receive() as { address: number; length: number };
        device.write(address, new Uint8Array(length));
      }
    },
  },
});
