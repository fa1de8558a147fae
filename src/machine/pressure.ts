/**
 * Memory pressure in a controlled execution: the pager and the purger as actors of the schedule, numbered after the clock. Each
 * can take a step while it has work, and a step is the smallest piece of that: one page, one object.
 */
import type { Kernel } from '../kernel/kernel.ts';
import type { KernelThread } from '../kernel/thread.ts';
import { Kind, type Trace } from '../kernel/trace.ts';
import { purgeNext } from '../vm/purgeable.ts';
import type { Actors } from './actors.ts';

/** How many actors there are beside threads and clock on a machine. */
export const pressureActors = (memoryPressure: boolean | undefined): number => (memoryPressure === true ? 2 : 0);

export class Pressure {
  private readonly machine: KernelThread;
  private pages = false;
  private objects = false;

  /** @param pager its number; the purger's is the one after it */
  constructor(
    private readonly kernel: Kernel,
    private readonly trace: Trace,
    private readonly actors: Actors,
    private readonly pager: number,
  ) {
    this.machine = kernel.machineThread(kernel.kernelTask);
  }

  /** Nobody of the two is among the actors yet. */
  reset(): void {
    this.pages = false;
    this.objects = false;
    this.watch();
  }

  /** Looks who has work now. */
  watch(): void {
    const { vm } = this.kernel;
    const pages = vm.pager?.hasWork === true;
    const objects = vm.purgeQueue.next(vm) !== null;
    if (pages !== this.pages) this.set(this.pager, pages);
    if (objects !== this.objects) this.set(this.pager + 1, objects);
    this.pages = pages;
    this.objects = objects;
  }

  /** A step of `actor`. `reclaimed` is where the VM notes the frames that it takes. */
  act(actor: number, reclaimed: readonly number[]): void {
    const { vm, hardware } = this.kernel;
    const { pageSize } = hardware;
    if (actor === this.pager) {
      const went = vm.pager?.evict(this.machine) === true;
      const physical = went ? reclaimed[reclaimed.length - 1]! * pageSize : -1;
      this.trace.append(Kind.PageOut, actor, 0, 0, physical, went ? pageSize : 0, went ? 1 : 0, 0);
    } else {
      this.trace.append(Kind.Purge, actor, 0, 0, -1, 0, purgeNext(vm, this.machine) ? 1 : 0, 0);
    }
    this.watch();
  }

  private set(actor: number, enabled: boolean): void {
    if (enabled) this.actors.add(actor);
    else this.actors.remove(actor);
  }
}
