/**
 * A network driver looks into the receive ring, starts the device, and looks again after its interrupt. The device is not coherent
 * and the command says nothing of that, so nobody drops the cache line that the first look has filled: the second finds the old length.
 */
import { defineScenario, IODMACommand, IOMemoryDescriptor, kIODirectionIn } from 'wiredown';

const header = 64;

export default defineScenario({
  name: 'receive ring, command taken for coherent',
  machine: { physicalMemory: 1 << 20, coherentDma: false },

  setup(machine) {
    const ring = machine.kernel.allocate(4096);
    const packet = IOMemoryDescriptor.withAddressRange(ring, header, kIODirectionIn, machine.kernel.kernelTask);
    const command = IODMACommand.withSpecification(IODMACommand.OutputHost64, 64, 0, IODMACommand.kMapped, 0, 1);
    return { ring, packet, command };
  },

  tasks: {
    kernel(task, { ring, packet, command }) {
      packet.prepare();
      command.setMemoryDescriptor(packet);
      // Is a packet here already? That puts the line into the cache.
      if (task.load32(ring) === 0) {
        task.send('net', packet.getPhysicalAddress());
        task.waitInterrupt('net');
      }
      command.clearMemoryDescriptor();
      task.log(`a packet of ${task.load32(ring)} bytes`);
      packet.complete();
    },
  },

  devices: {
    net(device) {
      for (;;) {
        device.store32(device.receive() as number, 60);
        device.interrupt('net');
      }
    },
  },
});
