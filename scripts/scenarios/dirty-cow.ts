/**
 * Entry B08 of the race catalogue, Dirty COW (CVE-2016-5195): the kernel stores into a private, read-only mapping of a file, as a
 * debugger may. It asks for a page that may be written; there is none, so a fault makes a copy, and since the mapping is read-only
 * all the same, it then asks for any page, which is the copy. Unless the task has discarded that meanwhile: then it is the file's.
 *
 * No lock is missing and nothing races by happens-before; `snapshot-broken` tells that what was stored for one is seen by all.
 * (Linux 19be0eaffa3a keeps asking for a page that may be written.)
 */
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
  name: 'dirty cow',
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
        let write = true;
        for (;;) {
          space.lock();
          const entry = space.lookup(at)!;
          if (!entry.needsCopy || !write) {
            const page = entry.object!.page(0);
            task.kernel.frames.store32(page, 0, 2, { onBehalfOf: { task, address: at, force: true } });
            return space.unlock();
          }
          space.unlock();
          breakCopy(task, at);
          // The mapping is read-only: no page of it will ever be writable.
          write = false;
        }
      }),

      discard: kernelMode((task: Task, { at, file }: Shared) => {
        task.kernel.addressSpace(task).enter(at, file, { ...asPrivateFile, needsCopy: true });
      }),
    },
  },
});
