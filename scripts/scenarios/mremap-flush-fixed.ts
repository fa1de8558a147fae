/** The move of mremap-flush.ts, mended: processors are told before the lock goes that the page's life hangs on. */
import { defineScenario, kernelMode, type Task, VM_PROT_READ, VM_PROT_WRITE } from 'wiredown';

interface Shared {
  from: number;
  to: number;
}

const readWrite = VM_PROT_READ | VM_PROT_WRITE;

export default defineScenario({
  name: 'mremap flush, fixed',
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
        kernel.shootDown(task, from, 4096);
        space.unlock();
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
