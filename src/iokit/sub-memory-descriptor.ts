/** A part of another descriptor. It has a length of its own; wiring and mapping are the parent's (xnu-reference 1.4). */
import type { AddressSpace } from '../vm/address-space.ts';
import type { Actor, Steps, Waiter } from '../vm/steps.ts';
import type { DMAState } from './dma-state.ts';
import type { IOGeneralMemoryDescriptor } from './general-memory-descriptor.ts';
import type { IOMemoryMap } from './io-memory-map.ts';
import type { IOKit } from './iokit.ts';
import { type DMAMapLength, IOMemoryDescriptor, type MapRequest, type PageCounts } from './memory-descriptor.ts';
import { kIODirectionOutIn, kIOMemoryThreadSafe } from './options.ts';
import { noSegment, type Segment } from './page-list.ts';
import type { IOReturn } from './return-codes.ts';

export class IOSubMemoryDescriptor extends IOMemoryDescriptor {
  override readonly kind = 'IOSubMemoryDescriptor';
  override readonly threadSafe = true;
  /** The parent's id that `ownPreparationId` stands for. */
  parentPreparationId = 0;
  ownPreparationId = 0;

  private constructor(
    iokit: IOKit,
    readonly parent: IOMemoryDescriptor,
    private readonly start: number,
    private readonly length: number,
    private readonly options: number,
  ) {
    super(iokit);
    parent.retain();
    this.tag = parent.tag;
  }

  static withSubRange(
    iokit: IOKit,
    parent: IOMemoryDescriptor,
    offset: number,
    length: number,
    options: number,
  ): IOSubMemoryDescriptor | null {
    if (offset + length > parent.getLength()) return null;
    return new IOSubMemoryDescriptor(iokit, parent, offset, length, options);
  }

  override get name(): string {
    return `${this.length} bytes from ${this.start} of ${this.parent.name}`;
  }

  override getLength(): number {
    return this.length;
  }

  override getFlags(): number {
    return (this.options & kIODirectionOutIn) | kIOMemoryThreadSafe;
  }

  override get wired(): IOGeneralMemoryDescriptor {
    return this.parent.wired;
  }

  override prepare(waiter: Waiter, direction: number): Steps<IOReturn> {
    return this.parent.prepare(waiter, direction);
  }

  override complete(waiter: Waiter, direction: number): Steps<IOReturn> {
    return this.parent.complete(waiter, direction);
  }

  /** An id of its own, renewed whenever the parent's is. */
  override getPreparationID(actor: Actor): number {
    const parent = this.parent.getPreparationID(actor);
    if (parent !== this.parentPreparationId) {
      this.journal.set(this as IOSubMemoryDescriptor, 'parentPreparationId', parent);
      this.journal.set(
        this as IOSubMemoryDescriptor,
        'ownPreparationId',
        parent === 0 ? 0 : this.iokit.newPreparationId(actor),
      );
    }
    return this.ownPreparationId;
  }

  override getPhysicalSegment(actor: Actor, offset: number): Segment {
    return this.clamp(offset, () => this.parent.getPhysicalSegment(actor, this.start + offset));
  }

  override getDeviceSegment(actor: Actor, offset: number): Segment {
    return this.clamp(offset, () => this.parent.segmentFor(actor, this.start + offset, 0));
  }

  override get dmaActivity(): readonly DMAState[] {
    return this.parent.dmaActivity;
  }

  override getFragment(actor: Actor, offset: number): Segment {
    return this.clamp(offset, () => this.parent.getFragment(actor, this.start + offset));
  }

  override getDMAMapLength(from = 0, length = this.length): DMAMapLength {
    return this.parent.getDMAMapLength(this.start + from, length);
  }

  override getPageCounts(): PageCounts {
    return this.parent.getPageCounts();
  }

  override mayCopy(actor: Actor, intoMemory: boolean): boolean {
    return this.parent.mayCopy(actor, intoMemory);
  }

  override readyToMap(waiter: Waiter, space: AddressSpace): Steps<void> {
    return this.parent.readyToMap(waiter, space);
  }

  override createMapping(actor: Actor, request: MapRequest): IOMemoryMap | null {
    const length = request.length === 0 ? this.length : request.length;
    if (request.offset >= this.length || request.offset + length > this.length) return null;
    return this.parent.createMapping(actor, { ...request, offset: this.start + request.offset, length });
  }

  /** Registers the map at the parent's start, wherever this part begins; so do the sources. */
  override setMapping(space: AddressSpace, address: number, options: number, length = this.length): IOMemoryMap {
    return this.parent.setMapping(space, address, options, length);
  }

  protected override dispose(actor: Actor): void {
    this.parent.release(actor);
  }

  private clamp(offset: number, segment: () => Segment): Segment {
    if (offset >= this.length) return noSegment;
    const { address, length } = segment();
    return { address, length: Math.min(length, this.length - offset) };
  }
}
