/** A simulated task: a name, an address space, and whether it is still alive. Task 0 is `kernel`. */
import type { Journal } from '../hardware/journal.ts';
import type { AddressSpace } from '../vm/address-space.ts';
import { KernelObject } from '../vm/kernel-object.ts';
import type { Actor } from '../vm/steps.ts';

export class KernelTask extends KernelObject {
  override readonly kind = 'Task';
  dead = false;

  constructor(
    journal: Journal,
    readonly number: number,
    readonly name: string,
    readonly space: AddressSpace,
    /** It stands for a device: one thread, no memory of its own. */
    readonly device = false,
  ) {
    super(journal);
  }

  /** The machine keeps every task to its end, so that `check` can still look into it. */
  protected dispose(_actor: Actor): void {}
}
