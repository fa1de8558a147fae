/**
 * The driver of redirect-hang.ts, mended: it hears from the client first, and waits for nobody while the memory behind the map is
 * away. The client goes on drawing meanwhile: what it draws then comes when there is memory again. The same search must stay silent.
 */
import { defineScenario, IOMemoryDescriptor, kIODirectionOutIn, kIOMapAnywhere, kIOMapUnique } from 'wiredown';

const size = 4096;

export default defineScenario({
  name: 'redirect hang, fixed',
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
      task.store32(pixels + 4, 0xffffff);
    },

    kernel: {
      move(task, { map, second }) {
        task.receive();
        map.redirect(null);
        map.redirect(second);
      },
    },
  },
});
