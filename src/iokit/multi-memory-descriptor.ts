/** Several descriptors one after the other, as one (xnu-reference 1.5). */
import type { Actor } from '../vm/steps.ts';
import { CompositeMemoryDescriptor } from './composite-memory-descriptor.ts';
import type { IOKit } from './iokit.ts';
import type { IOMemoryDescriptor } from './memory-descriptor.ts';
import {
  kIODirectionOutIn,
  kIOMemoryAsReference,
  kIOMemoryBufferPageable,
  kIOMemoryRedirected,
  kIOPreparationIDUnprepared,
  kIOPreparationIDUnsupported,
} from './options.ts';

export class IOMultiMemoryDescriptor extends CompositeMemoryDescriptor {
  override readonly kind = 'IOMultiMemoryDescriptor';
  preparationId = 0;

  private constructor(
    iokit: IOKit,
    descriptors: readonly IOMemoryDescriptor[],
    private readonly options: number,
  ) {
    super(iokit);
    for (const descriptor of descriptors) this.append(descriptor, 0, descriptor.getLength());
    this.tag = descriptors.find(({ tag }) => tag !== 0)?.tag ?? 0;
  }

  /** Null when some are pageable buffers and others are not, or when all together are too long. */
  static withDescriptors(
    iokit: IOKit,
    descriptors: readonly IOMemoryDescriptor[],
    direction: number,
    asReference: boolean,
  ): IOMultiMemoryDescriptor | null {
    const pageable = (descriptors[0]?.getFlags() ?? 0) & kIOMemoryBufferPageable;
    if (descriptors.some((one) => (one.getFlags() & kIOMemoryBufferPageable) !== pageable)) return null;
    if (!Number.isSafeInteger(descriptors.reduce((sum, one) => sum + one.getLength(), 0))) return null;
    const options = (direction & kIODirectionOutIn) | pageable | (asReference ? kIOMemoryAsReference : 0);
    return new IOMultiMemoryDescriptor(iokit, descriptors, options);
  }

  override get name(): string {
    return `${this.parts.length} descriptors of ${this.getLength()} bytes together`;
  }

  override getFlags(): number {
    return this.options | (this.redirected ? kIOMemoryRedirected : 0);
  }

  override get reservesFirst(): boolean {
    return true;
  }

  /** An id of its own once every part has one. It is not renewed when parts are prepared anew; so do the sources. */
  override getPreparationID(actor: Actor): number {
    for (const { descriptor } of this.parts) {
      const id = descriptor.getPreparationID(actor);
      if (id === kIOPreparationIDUnsupported || id === kIOPreparationIDUnprepared) return id;
    }
    this.setPreparationID(actor);
    return this.preparationId;
  }

  override setPreparationID(actor: Actor): void {
    if (this.preparationId === 0)
      this.journal.set(this as IOMultiMemoryDescriptor, 'preparationId', this.iokit.newPreparationId(actor));
  }
}
