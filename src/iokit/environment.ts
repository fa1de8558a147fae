/** What I/O Kit needs from the kernel around it. The kernel implements it; nothing here knows the kernel. */
import type { Journal } from '../hardware/journal.ts';
import type { AddressSpace } from '../vm/address-space.ts';
import type { KernelObject } from '../vm/kernel-object.ts';
import type { Actor } from '../vm/steps.ts';
import type { VirtualMemory } from '../vm/virtual-memory.ts';

/** The rules that I/O Kit itself can see broken. */
export type IOKitRule =
  | 'unbalanced-complete'
  | 'direction-misuse'
  | 'use-before-prepare'
  | 'use-after-complete'
  | 'dangling-mapping'
  | 'leak'
  | 'mistaken-identity'
  | 'livelock';

export interface IOKitEnvironment {
  readonly vm: VirtualMemory;
  readonly journal: Journal;
  /** Whose word counts where Apple's reference page and the sources differ (decisions.md). */
  readonly semantics: 'documented' | 'xnu';
  readonly kernelSpace: AddressSpace;
  /** @param about the object whose past led to it; `address` where what happened there did, otherwise 0 */
  violation(actor: Actor, rule: IOKitRule, text: string, about: KernelObject | null, address: number): void;
}
