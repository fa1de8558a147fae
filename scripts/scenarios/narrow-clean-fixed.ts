/**
 * As narrow-clean, but what is written back is what is shown: the whole page.
 */
import {
  defineScenario,
  IOMemoryDescriptor,
  kIODirectionOutIn,
  kIOMapAnywhere,
  kIOMapInhibitCache,
  type Task,
} from 'wiredown';

const page = 4096;
/** The buffer is what follows; the beginning of its page belongs to nobody. */
const offset = 0x80;

export default defineScenario({
  name: 'cache maintenance of the whole page',
  machine: { physicalMemory: 1 << 20, coherentDma: false },

  setup(machine) {
    const memory = machine.kernel.allocate(page);
    // What the previous owner of the page left in it.
    machine.kernel.store32(memory, 0x5ec2e7);
    const whole = IOMemoryDescriptor.withAddressRange(memory, page, kIODirectionOutIn, machine.kernel.kernelTask);
    whole.prepare();
    return { memory, physical: whole.getPhysicalAddress() };
  },

  tasks: {
    kernel(task, { memory, physical }) {
      task.store32(memory, 0);
      task.store32(memory + offset, 0);
      // Import: the pages are mapped whole, to a task that gets them past the caches.
      task.kernel.cache.clean({ address: physical, length: page });
      const pages = IOMemoryDescriptor.withPhysicalAddress(physical, page, kIODirectionOutIn);
      task.send('client', pages);
      pages.release();
    },

    client(task: Task) {
      const pages = task.receive() as IOMemoryDescriptor;
      const map = pages.createMappingInTask(task, 0, kIOMapAnywhere | kIOMapInhibitCache)!;
      const found = task.load32(map.getVirtualAddress());
      map.release();
      pages.release();
      return found;
    },
  },

  outcome: ({ results }) => (results.client === 0 ? 'zero' : 'the secret'),
});
