/** The kernel of copy-overwrite.ts, mended: what was looked up anew is checked anew, under the lock that is then held. */
import { defineScenario, kernelMode, MemoryObject, type Task, VM_PROT_READ, VM_PROT_WRITE } from 'wiredown';

interface Shared {
  first: number;
  second: number;
  readOnly: MemoryObject;
}

export default defineScenario({
  name: 'copy overwrite, fixed',
  machine: { physicalMemory: 1 << 20 },

  setup(machine) {
    const app = machine.task('app');
    const first = app.allocate(8192);
    app.store32(first, 1);
    const second = first + 4096;
    app.store32(second, 1);
    return { first, second, readOnly: MemoryObject.withSize(4096) };
  },

  tasks: {
    app: {
      overwrite: kernelMode((task: Task, { first, second }: Shared) => {
        const { frames } = task.kernel;
        const space = task.kernel.addressSpace(task);
        space.lock();
        for (const address of [first, second]) {
          const entry = space.lookup(address);
          if (entry?.object == null || (entry.protection & VM_PROT_WRITE) === 0) return space.unlock();
        }
        const { object, offset, start } = space.lookup(first)!;
        const page = object!.page(first - start + offset);
        space.unlock();
        frames.store32(page, 0, 2, { onBehalfOf: { task, address: first } });

        space.lock();
        const entry = space.lookup(second);
        if (entry?.object == null || (entry.protection & VM_PROT_WRITE) === 0) return space.unlock();
        const target = entry.object.page(second - entry.start + entry.offset);
        frames.store32(target, 0, 2, { onBehalfOf: { task, address: second } });
        space.unlock();
      }),

      remap(task, { second, readOnly }) {
        task.map(readOnly, { address: second, overwrite: true, protection: VM_PROT_READ });
      },
    },
  },
});
