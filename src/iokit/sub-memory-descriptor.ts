/** A part of another descriptor. It has a length of its own; wiring and maps are the parent's (xnu-reference 1.4). */
import type { AddressSpace } from '../vm/address-space.ts';
import type { Actor } from '../vm/steps.ts';
import { CompositeMemoryDescriptor } from './composite-memory-descriptor.ts';
import type { IOMemoryMap } from './io-memory-map.ts';
import type { IOKit } from './iokit.ts';
import type { IOMemoryDescriptor, MapRequest } from './memory-descriptor.ts';
import { kIODirectionOutIn, kIOMemoryRedirected, kIOMemoryThreadSafe } from './options.ts';
import type { PurgeableResult } from './purgeable-memory.ts';
import { wrap64 } from './ranges.ts';
import type { IOReturn } from './return-codes.ts';

export class IOSubMemoryDescriptor extends CompositeMemoryDescriptor {
  override readonly kind = 'IOSubMemoryDescriptor';
  /** The parent's id that `ownPreparationId` stands for. */
  parentPreparationId = 0;
  ownPreparationId = 0;

  private constructor(
    iokit: IOKit,
    parent: IOMemoryDescriptor,
    start: number,
    length: number,
    private options: number,
  ) {
    super(iokit);
    this.append(parent, start, length);
    this.tag = parent.tag;
  }

  /** Null when the part reaches beyond the parent. In the sources the sum may wrap, and then does not (hazard H14). */
  static withSubRange(
    iokit: IOKit,
    parent: IOMemoryDescriptor,
    offset: number,
    length: number,
    options: number,
  ): IOSubMemoryDescriptor | null {
    if (!isWithin(iokit, parent, offset, length)) return null;
    return new IOSubMemoryDescriptor(iokit, parent, offset, length, options);
  }

  /** Makes it another part, maybe of another descriptor; false, and nothing changes, when that cannot be. */
  initSubRange(actor: Actor, parent: IOMemoryDescriptor, offset: number, length: number, options: number): boolean {
    if (!isWithin(this.iokit, parent, offset, length) || parent.consistsOf(this)) return false;
    // The old parent may be all that keeps the new one alive.
    parent.retain();
    this.drop(actor);
    this.append(parent, offset, length);
    parent.release(actor);
    this.setTag(parent.tag);
    this.journal.set(this as unknown as { options: number }, 'options', options);
    return true;
  }

  get parent(): IOMemoryDescriptor {
    return this.parts[0]!.descriptor;
  }

  override get name(): string {
    return `${this.getLength()} bytes from ${this.parts[0]!.start} of ${this.parent.name}`;
  }

  override getFlags(): number {
    const redirected = this.redirected ? kIOMemoryRedirected : 0;
    return (this.options & kIODirectionOutIn) | kIOMemoryThreadSafe | redirected;
  }

  override get remote(): boolean {
    return this.parent.remote;
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

  override setPurgeable(actor: Actor, newState: number): PurgeableResult {
    return this.parent.setPurgeable(actor, newState);
  }

  override redirect(safe: AddressSpace | null, on: boolean): IOReturn {
    super.redirect(safe, on);
    return this.parent.redirect(safe, on);
  }

  override mapHolder(offset: number): { readonly holder: IOMemoryDescriptor; readonly offset: number } {
    return this.parent.mapHolder(this.parts[0]!.start + offset);
  }

  override createMapping(actor: Actor, request: MapRequest): IOMemoryMap | null {
    const { start, length: whole } = this.parts[0]!;
    const length = request.length === 0 ? whole : request.length;
    if (request.offset >= whole || request.offset + length > whole) return null;
    return this.parent.createMapping(actor, { ...request, offset: start + request.offset, length });
  }

  /** Registers the map at the parent's start, wherever this part begins; so do the sources. */
  override setMapping(space: AddressSpace, address: number, options: number, length = this.getLength()): IOMemoryMap {
    return this.parent.setMapping(space, address, options, length);
  }

  /** The parent knows what is meant by no direction. */
  protected override directionFor(direction: number): number {
    return direction;
  }
}

function isWithin(iokit: IOKit, parent: IOMemoryDescriptor, offset: number, length: number): boolean {
  const end = iokit.semantics === 'xnu' ? wrap64(offset + length) : offset + length;
  return end <= parent.getLength();
}
