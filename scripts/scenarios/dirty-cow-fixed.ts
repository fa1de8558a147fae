/** The store of dirty-cow.ts, mended: it goes on asking for a page that is the task's own. */
import { defineScenario, kernelMode, type MemoryObject, type Task, VM_PROT_READ, VM_PROT_WRITE } from 'wiredown';

interface Shared {
  at: number;
  file: MemoryObject;
}

const asPrivateFile = { protection: VM_PROT_READ, maxProtection: VM_PROT_READ | VM_PROT_WRITE, overwrite: true };

/** A fault for writing: the page gets a copy, which is shown in place of the file. */
function breakCopy(task: Task, at: number): void {
  const space = task.kernel.addressSpace(task);
  space.lock();
  const entry = space.lookup(at)!;
  if (entry.needsCopy) {
    const copy = entry.object!.shadow();
    copy.page(0);
    space.enter(at, copy, asPrivateFile);
    copy.release();
  }
  space.unlock();
}

export default defineScenario({
  name: 'dirty cow, fixed',
  machine: { physicalMemory: 1 << 20 },

  setup(machine) {
    const { kernel } = machine.kernel;
    const app = machine.task('app');
    const at = 1 << 20;
    const file = kernel.memoryObject(4096);
    kernel.frames.store32(file.page(0), 0, 1);
    kernel.addressSpace(app).enter(at, file, { ...asPrivateFile, needsCopy: true });
    return { at, file };
  },

  tasks: {
    app: {
      write: kernelMode((task: Task, { at }: Shared) => {
        const space = task.kernel.addressSpace(task);
        for (;;) {
          space.lock();
          const entry = space.lookup(at)!;
          if (!entry.needsCopy) {
            const page = entry.object!.page(0);
            task.kernel.frames.store32(page, 0, 2, { onBehalfOf: { task, address: at, force: true } });
            return space.unlock();
          }
          space.unlock();
          breakCopy(task, at);
        }
      }),

      discard: kernelMode((task: Task, { at, file }: Shared) => {
        task.kernel.addressSpace(task).enter(at, file, { ...asPrivateFile, needsCopy: true });
      }),
    },
  },
});
