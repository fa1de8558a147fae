/**
 * The concrete descriptor: names ranges of a task's virtual memory, or of physical memory. Virtual memory has to be prepared
 * before its frames can be asked for; physical memory always is.
 */
import { KernelPanic } from '../hardware/errors.ts';
import type { AddressSpace } from '../vm/address-space.ts';
import { bothFree } from '../vm/lock.ts';
import { VM_PROT_READ, VM_PROT_WRITE } from '../vm/map-entry.ts';
import type { Actor, Steps, Waiter } from '../vm/steps.ts';
import { deviceMemoryAt, memoryBehind } from './device-memory.ts';
import { dmaMapLength } from './dma-map-length.ts';
import { accessOf } from './dma-mapping.ts';
import type { IOMemoryMap } from './io-memory-map.ts';
import type { IOKit } from './iokit.ts';
import { createMapping, registerMapping } from './mapping.ts';
import {
  bypassesMapper,
  type DMAMapLength,
  IOMemoryDescriptor,
  type MapRequest,
  type PageCounts,
} from './memory-descriptor.ts';
import { MemoryReference } from './memory-reference.ts';
import {
  kIODirectionIn,
  kIODirectionOut,
  kIODirectionOutIn,
  kIOMemoryAsReference,
  kIOMemoryPersistent,
  kIOMemoryPreparedReadOnly,
  kIOMemoryThreadSafe,
} from './options.ts';
import { fragmentAt, noSegment, type Segment, type Stretch, segmentAt } from './page-list.ts';
import { type AddressRange, runAt } from './ranges.ts';
import { type IOReturn, kIOReturnNotReady, kIOReturnSuccess } from './return-codes.ts';
import type { Source } from './source.ts';
import { stretchesOf } from './stretches.ts';
import { Wiring, type WiringSource } from './wiring.ts';

export class IOGeneralMemoryDescriptor extends IOMemoryDescriptor implements WiringSource {
  /** Its maps, each counted as a reference that this set holds; searched in the order of their making. */
  mappings: readonly IOMemoryMap[] = [];
  reference: MemoryReference | null = null;
  wiring: Wiring;
  /** Holder (a task's number) → calls of `prepare` less calls of `complete`. */
  readonly prepares = new Map<number, number>();
  physicalPreparationId = 0;

  constructor(
    iokit: IOKit,
    public source: Source,
  ) {
    super(iokit);
    this.wiring = this.newWiring();
    iokit.register(iokit.descriptors, this as IOGeneralMemoryDescriptor);
  }

  /** The second half of initialisation. False when the options ask for a memory reference that cannot be had. */
  initialise(actor: Actor): boolean {
    if ((this.source.options & kIOMemoryPersistent) === 0) return true;
    return this.takeReference(actor, this.getDirection() === kIODirectionOut) !== null;
  }

  /**
   * Makes this object describe other memory: `initWithOptions` of a live object. False when it is mapped; the sources instead
   * free its maps under those who hold them. False, or a panic in the sources, while a DMA command is active.
   */
  reinitialise(actor: Actor, source: Source): boolean {
    if (this.iokit.semantics === 'documented') {
      if (this.mappings.length > 0 || this.dma.references > 0) return false;
    } else {
      for (const map of this.mappings) {
        if (map.references > 1)
          this.iokit.violation(
            actor,
            'dangling-mapping',
            `${this.name} is initialised again while a map of it is in use`,
          );
        map.abandon(actor);
      }
    }
    this.completeAll(actor);
    this.dropReference(actor);
    this.journal.set(this as IOGeneralMemoryDescriptor, 'source', source);
    this.journal.set(this as IOGeneralMemoryDescriptor, 'wiring', this.newWiring());
    return this.initialise(actor);
  }

  override get name(): string {
    const { ranges, space, length } = this.source;
    const where = space === null ? 'physical memory' : `memory of ${space.name}`;
    return `the descriptor of ${length} bytes of ${where} at 0x${(ranges[0]?.address ?? 0).toString(16)}`;
  }

  override getLength(): number {
    return this.source.length;
  }

  override getFlags(): number {
    let flags = this.source.options;
    if (this.wiring.readOnly) flags |= kIOMemoryPreparedReadOnly;
    if (this.source.ranges.length === 1) flags |= kIOMemoryAsReference;
    return flags >>> 0;
  }

  override get threadSafe(): boolean {
    return (this.source.options & kIOMemoryThreadSafe) !== 0;
  }

  override get wired(): IOGeneralMemoryDescriptor {
    return this;
  }

  /** How often it is prepared. Physical memory is wired for ever. */
  get wireCount(): number {
    return this.source.space === null ? 1 : this.wiring.wireCount;
  }

  /** Whether two threads must not prepare or complete it at once. */
  get mustBeSerialised(): boolean {
    return this.source.space !== null && !this.threadSafe;
  }

  /** Notes who prepared, or completed, it: what is missing in the end is missed by somebody. */
  countPrepare(holder: number, change: number): void {
    const before = this.prepares.get(holder);
    this.prepares.set(holder, (before ?? 0) + change);
    this.journal.undo(() => (before === undefined ? this.prepares.delete(holder) : this.prepares.set(holder, before)));
  }

  override *prepare(waiter: Waiter, direction: number): Steps<IOReturn> {
    if (this.source.space === null) return kIOReturnSuccess;
    return yield* this.wiring.prepare(waiter, direction);
  }

  override *complete(waiter: Waiter, _direction: number): Steps<IOReturn> {
    if (this.source.space !== null && !(yield* this.wiring.complete(waiter))) {
      this.iokit.violation(waiter, 'unbalanced-complete', `complete of ${this.name}, which is not prepared`);
    }
    return kIOReturnSuccess;
  }

  override getPreparationID(actor: Actor): number {
    if (this.source.space === null) {
      if (this.physicalPreparationId === 0) {
        this.journal.set(
          this as IOGeneralMemoryDescriptor,
          'physicalPreparationId',
          this.iokit.newPreparationId(actor),
        );
      }
      return this.physicalPreparationId;
    }
    if (this.wiring.wireCount > 0 && this.wiring.preparationId === 0) {
      this.journal.set(this.wiring, 'preparationId', this.iokit.newPreparationId(actor));
    }
    return this.wiring.preparationId;
  }

  override getPhysicalSegment(actor: Actor, offset: number): Segment {
    return this.segment(actor, offset, segmentAt, 'getPhysicalSegment');
  }

  override getDeviceSegment(actor: Actor, offset: number): Segment {
    if (this.source.space === null) return this.rangeAt(offset);
    if (this.wiring.wireCount === 0) this.failUnprepared(actor, 'getPhysicalSegment');
    const map = this.dma.shared(actor, this, this.iokit.systemMapper!, accessOf(this.wiring.direction));
    return typeof map === 'number' ? noSegment : map.segmentAt(offset);
  }

  override getFragment(actor: Actor, offset: number): Segment {
    const { pageSize } = this.iokit.vm;
    const { address, length } = this.segment(actor, offset, fragmentAt, 'a copy');
    return { address, length: Math.min(length, pageSize - (address % pageSize)) };
  }

  override getDMAMapLength(from = 0, length = this.getLength()): DMAMapLength {
    return dmaMapLength(this.reference?.entries ?? this.source.runs, from, length, this.iokit.vm.pageSize);
  }

  override getPageCounts(): PageCounts {
    if (this.reference === null) return { result: kIOReturnNotReady, residentPageCount: 0, dirtyPageCount: 0 };
    return { result: kIOReturnSuccess, ...this.reference.countPages(this.iokit.vm) };
  }

  override mayCopy(actor: Actor, intoMemory: boolean): boolean {
    if (this.source.space !== null && this.wiring.wireCount === 0)
      this.failUnprepared(actor, intoMemory ? 'writeBytes' : 'readBytes');
    if (intoMemory && this.source.space === null) this.iokit.vm.exposeFrames();
    if (this.iokit.semantics === 'xnu') return !(intoMemory && this.wiring.readOnly);
    const needed = intoMemory ? kIODirectionIn : kIODirectionOut;
    const direction = this.source.space === null ? this.getDirection() : this.wiring.direction;
    if ((direction & needed) !== 0) return true;
    const text = intoMemory ? 'writeBytes needs kIODirectionIn' : 'readBytes needs kIODirectionOut';
    this.iokit.violation(
      actor,
      'direction-misuse',
      `${text}: ${this.name} is prepared with direction ${direction & kIODirectionOutIn}`,
    );
    return false;
  }

  override *readyToMap(waiter: Waiter, space: AddressSpace): Steps<void> {
    yield* bothFree(waiter, space.lock, (this.source.space ?? space).lock);
  }

  override createMapping(actor: Actor, request: MapRequest): IOMemoryMap | null {
    return createMapping(this.iokit, this, actor, {
      ...request,
      length: request.length === 0 ? this.getLength() : request.length,
    });
  }

  override setMapping(space: AddressSpace, address: number, options: number, length = this.getLength()): IOMemoryMap {
    return registerMapping(this.iokit, this, space, address, options, 0, length);
  }

  /** The memory reference, made if there is none yet; null when the task's memory does not allow it (xnu-reference 3.3). */
  takeReference(actor: Actor, readOnly: boolean): MemoryReference | null {
    if (this.reference !== null) return this.reference;
    const { runs, space } = this.source;
    const writes = this.getDirection() !== kIODirectionOut || !readOnly;
    const access = writes ? VM_PROT_READ | VM_PROT_WRITE : VM_PROT_READ;
    const { vm } = this.iokit;
    const reference =
      space === null
        ? MemoryReference.ofPhysical(vm, actor, this.physicalRanges(), access)
        : MemoryReference.ofRuns(vm, space, runs, access);
    this.journal.set(this as IOGeneralMemoryDescriptor, 'reference', reference);
    return reference;
  }

  // What the wiring asks for.

  stretches(write: boolean): Stretch[] {
    const { pageSize } = this.iokit.vm;
    if (this.reference === null) return stretchesOf(this.source.space!, this.source.ranges, pageSize);
    if (write && this.iokit.semantics === 'documented') this.reference.widen(VM_PROT_WRITE);
    return this.reference.stretches(pageSize);
  }

  beforeUnwiring(): void {
    this.dma.beforeUnwiring(this.name);
  }

  *ready(waiter: Waiter): Steps<void> {
    yield* this.source.space!.lock.free(waiter);
  }

  protected override dispose(actor: Actor): void {
    this.completeAll(actor);
    this.dropReference(actor);
    this.iokit.forget(this.iokit.descriptors, this as IOGeneralMemoryDescriptor);
  }

  private segment(actor: Actor, offset: number, find: typeof segmentAt, call: string): Segment {
    if (offset >= this.getLength()) return noSegment;
    if (this.source.space === null) {
      const range = this.rangeAt(offset);
      const mapper = (this.source.options & bypassesMapper) === 0 ? this.iokit.systemMapper : null;
      return mapper === null ? range : deviceMemoryAt(mapper, range);
    }
    if (this.wiring.wireCount === 0) this.failUnprepared(actor, call);
    const segment = find(this.wiring.lists, offset, this.iokit.vm.pageSize);
    if (segment === null)
      throw new KernelPanic(`${call} of ${this.name}: its page lists are gone, though it counts as prepared`);
    return segment;
  }

  /** What processors see of physical memory: with a mapper, each device page by itself. */
  private physicalRanges(): readonly AddressRange[] {
    const mapper = (this.source.options & bypassesMapper) === 0 ? this.iokit.systemMapper : null;
    return mapper === null
      ? this.source.ranges
      : memoryBehind(mapper, this.source.ranges, this.iokit.vm.hardware.memory.size);
  }

  /** The addresses that physical memory was described by. */
  private rangeAt(offset: number): Segment {
    const run = runAt(this.source.runs, offset);
    if (run === null) return noSegment;
    return { address: run.address + (offset - run.offset), length: run.length - (offset - run.offset) };
  }

  private completeAll(actor: Actor): void {
    if (this.wiring.wireCount > 0) this.beforeUnwiring();
    this.dma.reset();
    this.wiring.completeAll(actor);
  }

  private failUnprepared(actor: Actor, call: string): never {
    const text = `${call} of ${this.name}, which is not prepared`;
    this.iokit.violation(actor, 'use-before-prepare', text);
    throw new KernelPanic(text);
  }

  private dropReference(actor: Actor): void {
    this.reference?.release(actor);
    this.journal.set(this as IOGeneralMemoryDescriptor, 'reference', null);
  }

  private newWiring(): Wiring {
    return new Wiring(this.iokit, this, this.source.options, this.threadSafe);
  }
}
