/**
 * What all memory descriptors have in common: length, direction, tag, identity, their maps, and how maps are asked for. The
 * concrete ones say what the memory is; what they do not say has the answers of I/O Kit's base class here.
 */

import { Maintain } from '../hardware/data-cache.ts';
import type { AddressSpace } from '../vm/address-space.ts';
import { KernelObject } from '../vm/kernel-object.ts';
import type { SleepLock } from '../vm/lock.ts';
import type { Actor, Steps, Waiter } from '../vm/steps.ts';
import { copyBytes } from './copy-bytes.ts';
import { DMAState } from './dma-state.ts';
import type { IOGeneralMemoryDescriptor } from './general-memory-descriptor.ts';
import type { IOMemoryMap } from './io-memory-map.ts';
import type { IOKit } from './iokit.ts';
import { MapSet } from './map-set.ts';
import { createMapping, registerMapping } from './mapping.ts';
import {
  kIOMemoryClearEncrypted,
  kIOMemoryDirectionMask,
  kIOMemoryHostOnly,
  kIOMemoryIncoherentIOFlush,
  kIOMemoryIncoherentIOStore,
  kIOMemoryMapperNone,
  kIOMemoryRemote,
  kIOMemorySetEncrypted,
  kIOMemoryThreadSafe,
  kIOPreparationIDUnsupported,
} from './options.ts';
import { noSegment, type Segment } from './page-list.ts';
import type { PurgeableResult } from './purgeable-memory.ts';
import {
  type IOReturn,
  kIOReturnNotAttached,
  kIOReturnNotReady,
  kIOReturnSuccess,
  kIOReturnUnderrun,
  kIOReturnUnsupported,
} from './return-codes.ts';
import type { View, ViewRequest } from './view.ts';

export interface PageCounts {
  readonly result: IOReturn;
  readonly residentPageCount: number;
  readonly dirtyPageCount: number;
}

export interface DMAMapLength {
  readonly length: number;
  readonly offset: number;
}

/** A request for a map: the arguments of `createMappingInTask`. */
export interface MapRequest {
  readonly space: AddressSpace;
  readonly atAddress: number;
  readonly options: number;
  readonly offset: number;
  /** 0 stands for the whole descriptor. */
  readonly length: number;
}

const operations: readonly number[] = [
  kIOMemoryIncoherentIOFlush,
  kIOMemoryIncoherentIOStore,
  kIOMemoryClearEncrypted,
  kIOMemorySetEncrypted,
];

/** What an operation does to the data cache, in bits of Maintain. */
function maintenanceOf(operation: number): number {
  if (operation === kIOMemoryIncoherentIOStore) return Maintain.WriteBack;
  return operation === kIOMemoryIncoherentIOFlush ? Maintain.WriteBack | Maintain.Drop : 0;
}

/** Flags of memory that is not mapped for devices, and the option to ask for physical addresses. */
export const bypassesMapper = kIOMemoryMapperNone | kIOMemoryHostOnly | kIOMemoryRemote;

export abstract class IOMemoryDescriptor extends KernelObject {
  override readonly kind: string = 'IOMemoryDescriptor';
  tag = 0;
  /** 0 until somebody asks for it. */
  descriptorId = 0;
  /** 16 bits for mappers; they mean nothing here. */
  mapperOptions = 0;
  /** An object of the user's, kept alive. */
  context: KernelObject | null = null;
  /** Its maps, each counted as a reference that this set holds; searched in the order of their making. */
  readonly mappings: MapSet;
  /** Accesses through its maps are held back, but for those in `redirectSafe`. */
  redirected = false;
  redirectSafe: AddressSpace | null = null;
  readonly dma: DMAState;

  constructor(protected readonly iokit: IOKit) {
    super(iokit.journal);
    this.mappings = new MapSet(iokit.journal);
    this.dma = new DMAState(iokit);
  }

  /** In words, for messages. */
  abstract get name(): string;
  abstract getLength(): number;
  /** Creation options and live state bits. */
  abstract getFlags(): number;
  /** The descriptors whose wirings `prepare` counts: what callers must not use from two threads at once. */
  abstract get wired(): readonly IOGeneralMemoryDescriptor[];

  abstract prepare(waiter: Waiter, direction: number): Steps<IOReturn>;
  abstract complete(waiter: Waiter, direction: number): Steps<IOReturn>;
  /** The physical memory at `offset`, as processors reach it. */
  abstract getPhysicalSegment(actor: Actor, offset: number): Segment;
  /** The same as devices behind the system's mapper reach it. Asked for only where there is one. */
  abstract getDeviceSegment(actor: Actor, offset: number): Segment;
  /** The bytes that `prepare` wires, whatever part of them it describes at present. */
  get wiredLength(): number {
    return this.getLength();
  }

  /** As `getPhysicalSegment`, for all that is wired. */
  getWiredSegment(actor: Actor, offset: number): Segment {
    return this.getPhysicalSegment(actor, offset);
  }

  /** As `getPhysicalSegment`, within one page. */
  abstract getFragment(actor: Actor, offset: number): Segment;
  /** For `length` bytes from `from`, by default all. */
  abstract getDMAMapLength(from?: number, length?: number): DMAMapLength;
  /** Whether what is prepared lets `readBytes`, or `writeBytes`, pass. */
  abstract mayCopy(actor: Actor, intoMemory: boolean): boolean;

  /** Number of the task, a dext's, that had its memory allocated; null for every other descriptor. */
  get creator(): number | null {
    return null;
  }

  /** Whether its own calls are atomic towards each other. */
  get threadSafe(): boolean {
    return (this.getFlags() & kIOMemoryThreadSafe) !== 0;
  }

  get remote(): boolean {
    return (this.getFlags() & kIOMemoryRemote) !== 0;
  }

  getPreparationID(_actor: Actor): number {
    return kIOPreparationIDUnsupported;
  }

  /** Gives the present wiring its id now, as the first question for it would. */
  setPreparationID(actor: Actor): void {
    this.getPreparationID(actor);
  }

  getPageCounts(): PageCounts {
    return { result: kIOReturnNotReady, residentPageCount: 0, dirtyPageCount: 0 };
  }

  /** Whether it is `other`, or made of it. */
  consistsOf(other: IOMemoryDescriptor): boolean {
    return this === other;
  }

  /** Asks for a purgeable state (kIOMemoryPurgeable) and answers the one before, in one step. */
  setPurgeable(_actor: Actor, _newState: number): PurgeableResult {
    return { result: this.remote ? kIOReturnNotAttached : kIOReturnNotReady, oldState: 0 };
  }

  /** Locks that must be free when it is mapped, beside that of the target. */
  get mapLocks(): readonly SleepLock[] {
    return [];
  }

  /** What a map of it shows, or null where it cannot be mapped. */
  view(_actor: Actor, _request: ViewRequest): View | null {
    return null;
  }

  /** The address at which the task of the request has the memory already, so that there is nothing to map; null otherwise. */
  identity(_request: MapRequest): number | null {
    return null;
  }

  /** Whether translations can be entered for good (kIOMapPrefault): only what is prepared is there. */
  get prefaultable(): boolean {
    return this.wired.every((descriptor) => descriptor.wireCount > 0);
  }

  /** The descriptor that maps of it belong to, and where its byte `offset` is there. */
  mapHolder(offset: number): { readonly holder: IOMemoryDescriptor; readonly offset: number } {
    return { holder: this, offset };
  }

  /** A map with a reference for the caller, or null. */
  createMapping(actor: Actor, request: MapRequest): IOMemoryMap | null {
    return createMapping(
      this.iokit,
      this,
      actor,
      request.length === 0 ? { ...request, length: this.getLength() } : request,
    );
  }

  /** Registers a map that exists already, trusting its address; `length` is the whole descriptor's unless given. */
  setMapping(space: AddressSpace, address: number, options: number, length = this.getLength()): IOMemoryMap {
    return registerMapping(this.iokit, this, space, address, options, 0, length);
  }

  /**
   * Holds back accesses through its maps, but for those in `safe`, or lets them go on (xnu-reference 3.4.9). Only memory of devices
   * is really held back: other memory loses its translations, and gets them back with the next access.
   */
  redirect(safe: AddressSpace | null, on: boolean): IOReturn {
    this.journal.set(this as IOMemoryDescriptor, 'redirected', on);
    this.journal.set(this as IOMemoryDescriptor, 'redirectSafe', on ? safe : null);
    for (const map of this.mappings) map.followRedirect();
    return kIOReturnSuccess;
  }

  /** Whether its memory is given physical memory, which may be that of a device. */
  get deviceMemory(): boolean {
    return false;
  }

  /** Whether the sources reserve addresses for a map before they know that there is something to show. */
  get reservesFirst(): boolean {
    return false;
  }

  /** `getPhysicalSegment` as callers ask for it: device addresses where there is a mapper, unless `options` or the descriptor say no. */
  segmentFor(actor: Actor, offset: number, options: number): Segment {
    if (offset >= this.getLength()) return noSegment;
    const direct = ((options | this.getFlags()) & bypassesMapper) !== 0 || this.iokit.systemMapper === null;
    return direct ? this.getPhysicalSegment(actor, offset) : this.getDeviceSegment(actor, offset);
  }

  /** Where commands count that they are active: `complete` asks there. */
  get dmaActivity(): readonly DMAState[] {
    return [this.dma];
  }

  getDirection(): number {
    return this.getFlags() & kIOMemoryDirectionMask;
  }

  setTag(tag: number): void {
    this.journal.set(this as IOMemoryDescriptor, 'tag', tag);
  }

  setMapperOptions(options: number): void {
    this.journal.set(this as IOMemoryDescriptor, 'mapperOptions', options);
  }

  /** Keeps `context` alive in place of the one before. */
  setContext(actor: Actor, context: KernelObject | null): void {
    const before = this.context;
    this.journal.set(this as IOMemoryDescriptor, 'context', context?.retain() ?? null);
    before?.release(actor);
  }

  getDescriptorID(actor: Actor): number {
    if (this.descriptorId === 0) {
      this.journal.set(this as IOMemoryDescriptor, 'descriptorId', this.iokit.newDescriptorId(actor));
    }
    return this.descriptorId;
  }

  /** Copies through the caller's buffer, a page at a time; returns how many bytes. Nobody can make it go away meanwhile. */
  readBytes(waiter: Waiter, offset: number, length: number): Steps<number> {
    return copyBytes(this.iokit, waiter, this, offset, length, false);
  }

  writeBytes(waiter: Waiter, offset: number, length: number): Steps<number> {
    return copyBytes(this.iokit, waiter, this, offset, length, true);
  }

  /** Where devices are coherent there is nothing to write back; what is asked for is checked all the same. */
  performOperation(actor: Actor, operation: number, offset: number, length: number): IOReturn {
    if (this.remote) return kIOReturnNotAttached;
    if (!operations.includes(operation)) return kIOReturnUnsupported;
    if (offset > this.getLength()) return kIOReturnUnderrun;
    const end = Math.min(offset + length, this.getLength());
    const maintenance = maintenanceOf(operation);
    for (let at = offset; at < end; ) {
      const segment = this.getPhysicalSegment(actor, at);
      if (segment.length === 0) return kIOReturnUnderrun;
      const part = Math.min(segment.length, end - at);
      if (maintenance !== 0) this.iokit.vm.maintain(actor, segment.address, part, maintenance);
      at += part;
    }
    return kIOReturnSuccess;
  }

  protected override dispose(actor: Actor): void {
    this.setContext(actor, null);
  }
}
