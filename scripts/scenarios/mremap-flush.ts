/**
 * Entry B07 of the race catalogue, mremap (CVE-2018-18281): a page is moved to another address under the lock that its life hangs on,
 * and only after that lock is gone are processors told that the old address is void. Meanwhile somebody else unmaps the new
 * address and frees the page, while a third thread still stores to it through the old one.
 *
 * `freed-page-reachable` tells the first, `stale-translation` the second. (Linux eb66ae030829 flushes before it drops the lock.)
 */
import { defineScenario, kernelMode, type Task, VM_PROT_READ, VM_PROT_WRITE } from 'wiredown';

interface Shared {
  from: number;
  to: number;
}

const readWrite = VM_PROT_READ | VM_PROT_WRITE;

export default defineScenario({
  name: 'mremap flush',
  machine: { physicalMemory: 1 << 20, lateShootdown: true },

  setup(machine) {
    const app = machine.task('app');
    const from = app.allocate(8192);
    const { kernel } = machine.kernel;
    kernel.translations(app).set(from, kernel.frames.allocate(), readWrite);
    return { from, to: from + 4096 };
  },

  tasks: {
    app: {
      move: kernelMode((task: Task, { from, to }: Shared) => {
        const { kernel } = task;
        const space = kernel.addressSpace(task);
        space.lock();
        const page = kernel.translations(task).clear(from);
        kernel.translations(task).set(to, page, readWrite);
        space.unlock();
        kernel.shootDown(task, from, 4096);
      }),

      unmap: kernelMode((task: Task, { to }: Shared) => {
        const { kernel } = task;
        const space = kernel.addressSpace(task);
        space.lock();
        const page = kernel.translations(task).clear(to);
        kernel.shootDown(task, to, 4096);
        space.unlock();
        if (page !== 0) kernel.frames.free(page);
      }),

      write(task, { from }) {
        task.store32(from, 1);
        task.store32(from, 2);
      },
    },
  },
});
