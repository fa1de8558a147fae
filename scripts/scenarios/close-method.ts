/**
 * Entry B15 of the race catalogue: a user client's method uses what `close` takes away. The method looks at `closed` first, but
 * the connection may be closed after it looked (xnu-3248.40.184 and 10002.41.9 made methods and close exclude each other).
 */
import { defineScenario, IOMemoryDescriptor, IOUserClient, kIODirectionOutIn } from 'wiredown';

export default defineScenario({
  name: 'close against method',
  machine: { physicalMemory: 1 << 20 },

  setup(machine) {
    const { kernel } = machine;
    const queue = kernel.allocate(4096);
    const closed = kernel.allocate(4096);
    const connect = IOUserClient.withTask(machine.task('client'));
    connect.clientMemoryForType(0, IOMemoryDescriptor.withAddressRange(queue, 4096, kIODirectionOutIn, kernel));
    return { connect, closed, map: connect.mapClientMemory64(0, machine.task('client')) };
  },

  tasks: {
    client: {},
    kernel: {
      method(task, { map, closed }) {
        if (task.atomic.load(closed) === 0) map.getVirtualAddress();
      },
      close(task, { connect, closed }) {
        task.atomic.store(closed, 1);
        connect.clientClose();
      },
    },
  },
});
