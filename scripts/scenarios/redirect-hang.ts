/**
 * Entry B35 (a) of the race catalogue: a driver takes the memory behind a client's map away (`redirect(null)`), and waits for the
 * client to say that it has drawn its frame. A client that draws only now sleeps in its page fault until the map is redirected
 * again, which the driver will not do before it hears from the client.
 */
import { defineScenario, IOMemoryDescriptor, kIODirectionOutIn, kIOMapAnywhere, kIOMapUnique } from 'wiredown';

const size = 4096;

export default defineScenario({
  name: 'redirect hang',
  machine: { physicalMemory: 1 << 20 },

  setup(machine) {
    const client = machine.task('client');
    const [first, second] = [0, 1].map(() =>
      IOMemoryDescriptor.withAddressRange(machine.kernel.allocate(size), size, kIODirectionOutIn, machine.kernel),
    );
    const map = first!.createMappingInTask(client, 0, kIOMapAnywhere | kIOMapUnique);
    return { map, second: second!, pixels: map.getVirtualAddress() };
  },

  tasks: {
    client(task, { pixels }) {
      task.store32(pixels, 0xffffff);
      task.send('kernel.move', 'drawn');
    },

    kernel: {
      move(task, { map, second }) {
        map.redirect(null);
        task.receive();
        map.redirect(second);
      },
    },
  },
});
