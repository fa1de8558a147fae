/**
 * A map: one view of (part of) a descriptor in one task. It has two kinds of holders, its clients and the descriptor's set of
 * maps, and goes when the last client lets go (xnu-reference 1.2, 3.4.10).
 */
import type { AddressSpace } from '../vm/address-space.ts';
import { KernelObject } from '../vm/kernel-object.ts';
import type { Actor } from '../vm/steps.ts';
import type { IOGeneralMemoryDescriptor } from './general-memory-descriptor.ts';
import type { IOKit } from './iokit.ts';
import { kIOMapOverwrite } from './options.ts';
import { noSegment, type Segment } from './page-list.ts';
import { type IOReturn, kIOReturnSuccess } from './return-codes.ts';

export class IOMemoryMap extends KernelObject {
  override readonly kind = 'IOMemoryMap';
  task: number | null;

  /**
   * @param descriptor what is mapped; kept alive
   * @param space where; null once unmapped, or once the task is dead
   * @param address of the first byte; 0 once unmapped
   * @param offset of the first byte in the descriptor
   * @param superMap the map that this is a part of; kept alive
   * @param range what to unmap in the end; null when the memory is not this map's to unmap
   */
  constructor(
    private readonly iokit: IOKit,
    readonly descriptor: IOGeneralMemoryDescriptor,
    public space: AddressSpace | null,
    public address: number,
    readonly length: number,
    readonly offset: number,
    readonly options: number,
    readonly superMap: IOMemoryMap | null,
    private readonly range: { readonly start: number; readonly end: number } | null,
  ) {
    super(iokit.journal);
    this.references = 2;
    this.task = space?.number ?? null;
    descriptor.retain();
    this.journal.set(descriptor, 'mappings', [...descriptor.mappings, this as IOMemoryMap]);
    iokit.register(iokit.maps, this as IOMemoryMap);
  }

  /** Number of the task whose address space it is in, or null when that task is dead. */
  getAddressTask(): number | null {
    return this.superMap === null ? this.task : this.superMap.getAddressTask();
  }

  /** Beyond the map there is nothing; in the sources the descriptor goes on. */
  getPhysicalSegment(actor: Actor, offset: number, options = 0): Segment {
    if (this.iokit.semantics === 'xnu') return this.descriptor.segmentFor(actor, this.offset + offset, options);
    if (offset >= this.length) return noSegment;
    const { address, length } = this.descriptor.segmentFor(actor, this.offset + offset, options);
    return { address, length: Math.min(length, this.length - offset) };
  }

  /** Takes the memory away from every holder at once. What was mapped over other memory stays, since that is gone. */
  unmap(actor: Actor): IOReturn {
    if (this.space !== null && this.range !== null && (this.options & kIOMapOverwrite) === 0) {
      this.space.remove(actor, this.range.start, this.range.end);
    }
    this.forgetSpace();
    return kIOReturnSuccess;
  }

  taskDied(space: AddressSpace): void {
    if (this.task === space.number) this.journal.set(this as IOMemoryMap, 'task', null);
    if (this.space === space) this.forgetSpace();
  }

  /** The set's reference alone keeps no map alive. */
  override release(actor: Actor): void {
    this.journal.set(this as KernelObject, 'references', this.references - 1);
    if (this.references === 1) this.abandon(actor);
  }

  /** Ends the map, whoever holds it. */
  abandon(actor: Actor): void {
    this.journal.set(this as KernelObject, 'references', 0);
    this.dispose(actor);
    this.registry?.forget(this);
  }

  protected override dispose(actor: Actor): void {
    this.unmap(actor);
    this.iokit.forget(this.iokit.maps, this as IOMemoryMap);
    this.journal.set(
      this.descriptor,
      'mappings',
      this.descriptor.mappings.filter((map) => map !== this),
    );
    this.superMap?.release(actor);
    this.descriptor.release(actor);
  }

  private forgetSpace(): void {
    this.journal.set(this as IOMemoryMap, 'space', null);
    this.journal.set(this as IOMemoryMap, 'address', 0);
  }
}
