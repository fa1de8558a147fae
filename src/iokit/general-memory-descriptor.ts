/**
 * The concrete descriptor: names ranges of a task's virtual memory, or of physical memory. Virtual memory has to be prepared
 * before its frames can be asked for; physical memory always is.
 */
import { KernelPanic } from '../hardware/errors.ts';
import type { SleepLock } from '../vm/lock.ts';
import type { MemoryObject } from '../vm/memory-object.ts';
import type { Actor, Steps, Waiter } from '../vm/steps.ts';
import { Backing } from './backing.ts';
import { isRightDirection } from './copy-bytes.ts';
import { deviceMemoryAt } from './device-memory.ts';
import { dmaMapLength } from './dma-map-length.ts';
import { accessOf } from './dma-mapping.ts';
import type { IOMemoryMap } from './io-memory-map.ts';
import type { IOKit } from './iokit.ts';
import { identityAddress, isWithin } from './mapping.ts';
import {
  bypassesMapper,
  type DMAMapLength,
  IOMemoryDescriptor,
  type MapRequest,
  type PageCounts,
} from './memory-descriptor.ts';
import {
  kIODirectionOut,
  kIODirectionOutIn,
  kIOMapCacheMask,
  kIOMapReadOnly,
  kIOMapReference,
  kIOMapStatic,
  kIOMapUnique,
  kIOMemoryAsReference,
  kIOMemoryBufferPageable,
  kIOMemoryMapperNone,
  kIOMemoryPersistent,
  kIOMemoryPreparedReadOnly,
  kIOMemoryRedirected,
  kIOMemoryRemote,
  kIOMemoryThreadSafe,
  kIOMemoryTypePhysical,
} from './options.ts';
import { fragmentAt, noSegment, type Segment, segmentAt } from './page-list.ts';
import { placeMapping } from './placement.ts';
import { PrepareCounts } from './prepare-counts.ts';
import { type PurgeableResult, setReferencePurgeable, setRegionPurgeable } from './purgeable-memory.ts';
import { runAt } from './ranges.ts';
import {
  type IOReturn,
  kIOReturnNotAttached,
  kIOReturnNotReady,
  kIOReturnSuccess,
  kIOReturnUnsupported,
} from './return-codes.ts';
import { makeSource, type Source } from './source.ts';
import type { View, ViewRequest } from './view.ts';
import { Wiring } from './wiring.ts';

export class IOGeneralMemoryDescriptor extends IOMemoryDescriptor {
  readonly backing: Backing;
  wiring: Wiring;
  readonly prepares: PrepareCounts;
  physicalPreparationId = 0;

  /** @param object its memory, where that was allocated for it and no task has it mapped */
  constructor(iokit: IOKit, source: Source, object: MemoryObject | null = null) {
    super(iokit);
    this.backing = new Backing(iokit, this, source, object);
    this.wiring = this.newWiring();
    this.prepares = new PrepareCounts(iokit.journal);
    iokit.descriptors.add(this as IOGeneralMemoryDescriptor);
  }

  /** The second half of initialisation. False when the options ask for a memory reference that cannot be had. */
  initialise(actor: Actor): boolean {
    if ((this.source.options & kIOMemoryPersistent) === 0) return true;
    return this.backing.takeReference(actor, this.getDirection() === kIODirectionOut) !== null;
  }

  /**
   * Makes this object describe other memory: `initWithOptions` of a live object. False when it is mapped; the sources instead
   * free its maps under those who hold them. False, or a panic in the sources, while a DMA command is active.
   */
  reinitialise(actor: Actor, source: Source): boolean {
    if (this.iokit.semantics === 'documented' && (this.mappings.size > 0 || this.dma.references > 0)) return false;
    const persistent = (source.options & kIOMemoryPersistent) !== 0;
    const reference = persistent ? this.backing.referenceTo(actor, source, true) : null;
    if (persistent && reference === null) return false;
    if (!this.redirected) this.abandonMaps(actor);
    this.completeAll(actor);
    this.prepares.forget();
    this.backing.become(actor, source, reference);
    this.journal.set(this as IOGeneralMemoryDescriptor, 'wiring', this.newWiring());
    return true;
  }

  /** What it describes: settled when it is initialised. */
  get source(): Source {
    return this.backing.source;
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
    if (this.redirected) flags |= kIOMemoryRedirected;
    if (this.source.ranges.length === 1) flags |= kIOMemoryAsReference;
    return flags >>> 0;
  }

  override get threadSafe(): boolean {
    return (this.source.options & kIOMemoryThreadSafe) !== 0;
  }

  override get remote(): boolean {
    return (this.source.options & kIOMemoryRemote) !== 0;
  }

  override get wired(): readonly IOGeneralMemoryDescriptor[] {
    return [this];
  }

  override get deviceMemory(): boolean {
    return this.source.space === null && this.source.upl === null;
  }

  /** How often it is prepared. Physical memory is wired for ever. */
  get wireCount(): number {
    return this.deviceMemory ? 1 : this.wiring.wireCount;
  }

  /** Whether two threads must not prepare or complete it at once. */
  get mustBeSerialised(): boolean {
    return !this.deviceMemory && !this.threadSafe;
  }

  override *prepare(waiter: Waiter, direction: number): Steps<IOReturn> {
    if (this.deviceMemory) return kIOReturnSuccess;
    if (this.remote) return kIOReturnNotAttached;
    // Its own direction may have been set anew since the wiring was made.
    const own = (direction & kIODirectionOutIn) === 0 ? this.getDirection() & kIODirectionOutIn : 0;
    return yield* this.wiring.prepare(waiter, direction | own);
  }

  override *complete(waiter: Waiter, direction: number): Steps<IOReturn> {
    if (this.deviceMemory) return kIOReturnSuccess;
    if (this.remote) return kIOReturnNotAttached;
    if (!(yield* this.wiring.complete(waiter, direction))) {
      this.iokit.violation(waiter, 'unbalanced-complete', `complete of ${this.name}, which is not prepared`, this);
    } else if (this.wiring.wireCount === 0) this.backing.dropPages(waiter);
    return kIOReturnSuccess;
  }

  override getPreparationID(actor: Actor): number {
    if (this.deviceMemory) {
      if (this.physicalPreparationId === 0) {
        this.journal.set(
          this as IOGeneralMemoryDescriptor,
          'physicalPreparationId',
          this.iokit.newPreparationId(actor),
        );
      }
      return this.physicalPreparationId;
    }
    if (this.wiring.wireCount === 0) return 0;
    this.setPreparationID(actor);
    return this.wiring.preparationId;
  }

  override setPreparationID(actor: Actor): void {
    if (this.deviceMemory) this.getPreparationID(actor);
    else if (this.wiring.preparationId === 0)
      this.journal.set(this.wiring, 'preparationId', this.iokit.newPreparationId(actor));
  }

  override getPhysicalSegment(actor: Actor, offset: number): Segment {
    return this.segment(actor, offset, segmentAt, 'getPhysicalSegment');
  }

  override get wiredLength(): number {
    return this.source.length;
  }

  override getWiredSegment(actor: Actor, offset: number): Segment {
    return this.segment(actor, offset, segmentAt, 'a device map', this.wiredLength);
  }

  override getDeviceSegment(actor: Actor, offset: number): Segment {
    if (this.deviceMemory) return this.rangeAt(offset);
    if (this.wiring.wireCount === 0) this.failUnprepared(actor, 'getPhysicalSegment');
    const map = this.dma.shared(actor, this, this.iokit.systemMapper!, accessOf(this.wiring.direction));
    if (typeof map === 'number' || offset >= this.getLength()) return noSegment;
    return within(map.segmentAt(offset), this.getLength() - offset);
  }

  override getFragment(actor: Actor, offset: number): Segment {
    const { pageSize } = this.iokit.vm;
    const { address, length } = this.segment(actor, offset, fragmentAt, 'a copy');
    return { address, length: Math.min(length, pageSize - (address % pageSize)) };
  }

  override getDMAMapLength(from = 0, length = this.getLength()): DMAMapLength {
    return dmaMapLength(this.backing.reference?.entries ?? this.source.runs, from, length, this.iokit.vm.pageSize);
  }

  override getPageCounts(): PageCounts {
    if (this.remote) return { result: kIOReturnNotAttached, residentPageCount: 0, dirtyPageCount: 0 };
    const { reference } = this.backing;
    if (reference === null) return { result: kIOReturnNotReady, residentPageCount: 0, dirtyPageCount: 0 };
    return { result: kIOReturnSuccess, ...reference.countPages(this.iokit.vm) };
  }

  override setPurgeable(actor: Actor, newState: number): PurgeableResult {
    const { vm } = this.iokit;
    if (this.remote) return { result: kIOReturnNotAttached, oldState: 0 };
    const { reference, isKernelMemory } = this.backing;
    if (reference !== null) return setReferencePurgeable(vm, actor, reference, newState);
    const { space, ranges, options } = this.source;
    if (space === null) return { result: kIOReturnUnsupported, oldState: 0 };
    if (isKernelMemory && (options & kIOMemoryBufferPageable) !== 0) return { result: kIOReturnNotReady, oldState: 0 };
    this.backing.checkNames(actor, 'setPurgeable');
    return setRegionPurgeable(vm, actor, space, ranges[0]?.address ?? 0, newState);
  }

  override mayCopy(actor: Actor, intoMemory: boolean): boolean {
    if (this.remote) return false;
    if (!this.deviceMemory && this.wiring.wireCount === 0)
      this.failUnprepared(actor, intoMemory ? 'writeBytes' : 'readBytes');
    if (intoMemory && this.deviceMemory) this.iokit.vm.exposeFrames();
    if (this.iokit.semantics === 'xnu') return !(intoMemory && this.wiring.readOnly);
    const direction = this.deviceMemory ? this.getDirection() : this.wiring.direction;
    return isRightDirection(this.iokit, actor, this, direction, intoMemory);
  }

  override get mapLocks(): readonly SleepLock[] {
    return this.source.space === null ? [] : [this.source.space.lock];
  }

  override createMapping(actor: Actor, request: MapRequest): IOMemoryMap | null {
    const wanted = request.length === 0 ? { ...request, length: this.getLength() } : request;
    const needsNoWrite = (wanted.options & (kIOMapReadOnly | kIOMapCacheMask)) === kIOMapReadOnly;
    // A snapshot is taken by the first request of any kind (3.3.1).
    if (isWithin(this, wanted) && !this.backing.takeSnapshot(actor, needsNoWrite)) return null;
    const unique = (wanted.options & (kIOMapUnique | kIOMapStatic)) === kIOMapUnique;
    if (unique && this.deviceMemory && isWithin(this, wanted)) return this.mapUniquely(actor, wanted);
    return super.createMapping(actor, wanted);
  }

  override view(actor: Actor, request: ViewRequest): View | null {
    return this.backing.view(actor, request);
  }

  override identity(request: MapRequest): number | null {
    return identityAddress(this.iokit, this.source, request);
  }

  protected override dispose(actor: Actor): void {
    this.completeAll(actor);
    this.backing.dropReference(actor);
    this.backing.dropPages(actor);
    super.dispose(actor);
    this.iokit.descriptors.delete(this as IOGeneralMemoryDescriptor);
  }

  /** @param end where the descriptor ends: a buffer may be shorter than what is wired */
  private segment(actor: Actor, offset: number, find: typeof segmentAt, call: string, end = this.getLength()): Segment {
    if (offset >= end) return noSegment;
    if (this.deviceMemory) {
      const range = this.rangeAt(offset);
      const mapper = (this.source.options & bypassesMapper) === 0 ? this.iokit.systemMapper : null;
      return mapper === null ? range : deviceMemoryAt(mapper, range);
    }
    if (this.wiring.wireCount === 0) this.failUnprepared(actor, call);
    const segment = find(this.wiring.lists, offset, this.iokit.vm.pageSize);
    if (segment === null)
      throw new KernelPanic(`${call} of ${this.name}: its page lists are gone, though it counts as prepared`);
    return within(segment, end - offset);
  }

  /** A unique map of physical memory belongs to a descriptor of its own, so that it can be redirected alone (3.4.4). */
  private mapUniquely(actor: Actor, request: MapRequest): IOMemoryMap | null {
    if ((request.options & kIOMapReference) !== 0) return null;
    const segment = this.getPhysicalSegment(actor, request.offset);
    if (segment.length < request.length) {
      if (this.iokit.semantics === 'xnu')
        this.iokit.violation(actor, 'leak', `a map object is lost: ${this.name} is not contiguous there`);
      return null;
    }
    const ranges = [{ address: segment.address, length: request.length }];
    // The segment is physical, whatever this one was described by.
    const options = this.getDirection() | kIOMemoryTypePhysical | kIOMemoryMapperNone;
    const source = makeSource(this.iokit, ranges, null, options)!;
    const hidden = new IOGeneralMemoryDescriptor(this.iokit, source);
    const map = placeMapping(this.iokit, hidden, actor, { ...request, offset: 0 });
    hidden.release(actor);
    return map;
  }

  private abandonMaps(actor: Actor): void {
    for (const map of this.mappings) {
      if (map.references > 1) {
        const text = `${this.name} is initialised again while a map of it is in use`;
        this.iokit.violation(actor, 'dangling-mapping', text, map);
      }
      map.abandon(actor);
    }
  }

  /** The addresses that physical memory was described by. */
  private rangeAt(offset: number): Segment {
    const run = runAt(this.source.runs, offset);
    if (run === null) return noSegment;
    return { address: run.address + (offset - run.offset), length: run.length - (offset - run.offset) };
  }

  private completeAll(actor: Actor): void {
    if (this.wiring.wireCount > 0) this.backing.beforeUnwiring();
    this.dma.reset();
    this.wiring.completeAll(actor);
  }

  private failUnprepared(actor: Actor, call: string): never {
    // Somebody prepared it once: who uses it now comes too late, not too early.
    const completed = this.prepares.any;
    const text = `${call} of ${this.name}, which is ${completed ? 'completed' : 'not prepared'}`;
    this.iokit.violation(actor, completed ? 'use-after-complete' : 'use-before-prepare', text, this);
    throw new KernelPanic(text);
  }

  private newWiring(): Wiring {
    return new Wiring(this.iokit, this.backing, this.source.options, this.threadSafe);
  }
}

const within = (segment: Segment, length: number): Segment =>
  segment.length <= length ? segment : { address: segment.address, length };
