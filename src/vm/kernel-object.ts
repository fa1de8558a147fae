/**
 * What the kernel counts references to. An object lives while anybody holds it: handles of tasks, other kernel objects. When
 * the last reference goes it is disposed of, and whoever registered it (the handle table) is told.
 */
import type { Journal } from '../hardware/journal.ts';
import type { Actor } from './steps.ts';

/** Who must know when an object is gone. */
export interface ObjectRegistry {
  forget(object: KernelObject): void;
}

export abstract class KernelObject {
  references = 1;
  /** Its number in the handle table; 0 while no task has a handle on it. Owned by the handle table. */
  handle = 0;
  registry: ObjectRegistry | null = null;
  /** The journal's era in which the number of references was kept. */
  private keptIn = -1;

  /** Name of the class that tasks see: 'IOMemoryDescriptor', 'IOMemoryMap', 'MemoryObject', 'Task'. */
  abstract readonly kind: string;

  constructor(protected readonly journal: Journal) {}

  retain(): this {
    this.keepReferences();
    this.references++;
    return this;
  }

  release(actor: Actor): void {
    this.keepReferences();
    this.references--;
    if (this.references !== 0) return;
    this.dispose(actor);
    this.registry?.forget(this);
  }

  /** Every call counts references, up and down again: their first number is kept, and the others are not. */
  private keepReferences(): void {
    const { journal } = this;
    if (this.keptIn === journal.era) return;
    journal.keep(this as KernelObject, 'references');
    this.keptIn = journal.era;
  }

  /** A task (by its number as a holder) has dropped its last reference; others may live on. */
  lastRightGone(_holder: number, _actor: Actor): void {}

  /** Gives back what the object holds. Called once. */
  protected abstract dispose(actor: Actor): void;
}
