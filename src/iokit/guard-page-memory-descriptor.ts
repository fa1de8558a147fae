/**
 * Pages that nobody may touch wherever they are mapped: put between other descriptors of an IOMultiMemoryDescriptor, they show
 * who runs over an end (xnu-reference 1.7).
 */
import { VM_PROT_NONE, VM_PROT_READ, VM_PROT_WRITE } from '../vm/map-entry.ts';
import type { Actor } from '../vm/steps.ts';
import { IOGeneralMemoryDescriptor } from './general-memory-descriptor.ts';
import type { IOKit } from './iokit.ts';
import { kIODirectionOutIn, kIOMemoryTypeVirtual } from './options.ts';
import { makeSource } from './source.ts';
import type { View, ViewRequest } from './view.ts';

const readWrite = VM_PROT_READ | VM_PROT_WRITE;

export class IOGuardPageMemoryDescriptor extends IOGeneralMemoryDescriptor {
  override readonly kind = 'IOGuardPageMemoryDescriptor';

  /** Null when `size`, rounded up to pages, is nothing or more than fits. */
  static withSize(iokit: IOKit, actor: Actor, size: number): IOGuardPageMemoryDescriptor | null {
    const { kernelSpace, vm } = iokit;
    const length = vm.roundPage(size);
    const address = kernelSpace.allocate(actor, length, null, readWrite, readWrite);
    if (address < 0) return null;
    const options = kIODirectionOutIn | kIOMemoryTypeVirtual;
    const source = makeSource(iokit, [{ address, length }], kernelSpace, options);
    if (source !== null) return new IOGuardPageMemoryDescriptor(iokit, source);
    kernelSpace.remove(actor, address, address + length);
    return null;
  }

  /** What it allocated stays with it. */
  override reinitialise(): boolean {
    return false;
  }

  override identity(): null {
    return null;
  }

  override view(_actor: Actor, { offset, length }: ViewRequest): View {
    const { pageSize } = this.iokit.vm;
    const pageOffset = offset % pageSize;
    const size = this.iokit.vm.roundPage(pageOffset + length);
    const piece = { object: null, objectOffset: 0, size, at: 0, protection: VM_PROT_NONE, needsCopy: false };
    return { pieces: [piece], pageOffset, size };
  }

  protected override dispose(actor: Actor): void {
    const { address, length } = this.source.ranges[0]!;
    super.dispose(actor);
    this.iokit.kernelSpace.remove(actor, address, address + length);
  }
}
