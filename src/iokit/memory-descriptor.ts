/**
 * What all memory descriptors have in common: length, direction, tag, identity, and how maps of them are asked for. The
 * concrete ones say what the memory is.
 */

import type { AddressSpace } from '../vm/address-space.ts';
import { KernelObject } from '../vm/kernel-object.ts';
import type { Actor, Steps, Waiter } from '../vm/steps.ts';
import { copyBytes } from './copy-bytes.ts';
import { DMAState } from './dma-state.ts';
import type { IOGeneralMemoryDescriptor } from './general-memory-descriptor.ts';
import type { IOMemoryMap } from './io-memory-map.ts';
import type { IOKit } from './iokit.ts';
import {
  kIOMemoryDirectionMask,
  kIOMemoryHostOnly,
  kIOMemoryIncoherentIOFlush,
  kIOMemoryIncoherentIOStore,
  kIOMemoryMapperNone,
  kIOMemoryRemote,
} from './options.ts';
import { noSegment, type Segment } from './page-list.ts';
import { type IOReturn, kIOReturnSuccess, kIOReturnUnderrun, kIOReturnUnsupported } from './return-codes.ts';

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

/** Flags of memory that is not mapped for devices, and the option to ask for physical addresses. */
export const bypassesMapper = kIOMemoryMapperNone | kIOMemoryHostOnly | kIOMemoryRemote;

export abstract class IOMemoryDescriptor extends KernelObject {
  override readonly kind: string = 'IOMemoryDescriptor';
  tag = 0;
  /** 0 until somebody asks for it. */
  descriptorId = 0;
  readonly dma: DMAState;

  constructor(protected readonly iokit: IOKit) {
    super(iokit.journal);
    this.dma = new DMAState(iokit);
  }

  /** In words, for messages. */
  abstract get name(): string;
  abstract getLength(): number;
  /** Creation options and live state bits. */
  abstract getFlags(): number;
  /** Whether its own calls are atomic towards each other. */
  abstract get threadSafe(): boolean;
  /** The descriptor whose wiring `prepare` counts: what callers must not use from two threads at once. */
  abstract get wired(): IOGeneralMemoryDescriptor;

  abstract prepare(waiter: Waiter, direction: number): Steps<IOReturn>;
  abstract complete(waiter: Waiter, direction: number): Steps<IOReturn>;
  abstract getPreparationID(actor: Actor): number;
  /** The physical memory at `offset`, as processors reach it. */
  abstract getPhysicalSegment(actor: Actor, offset: number): Segment;
  /** The same as devices behind the system's mapper reach it. Asked for only where there is one. */
  abstract getDeviceSegment(actor: Actor, offset: number): Segment;
  /** As `getPhysicalSegment`, within one page. */
  abstract getFragment(actor: Actor, offset: number): Segment;
  /** For `length` bytes from `from`, by default all. */
  abstract getDMAMapLength(from?: number, length?: number): DMAMapLength;
  abstract getPageCounts(): PageCounts;
  /** Whether what is prepared lets `readBytes`, or `writeBytes`, pass. */
  abstract mayCopy(actor: Actor, intoMemory: boolean): boolean;
  /** Locks to wait for before `createMapping`. */
  abstract readyToMap(waiter: Waiter, space: AddressSpace): Steps<void>;
  /** A map with a reference for the caller, or null. */
  abstract createMapping(actor: Actor, request: MapRequest): IOMemoryMap | null;
  /** Registers a map that exists already, trusting its address; `length` is the whole descriptor's unless given. */
  abstract setMapping(space: AddressSpace, address: number, options: number, length?: number): IOMemoryMap;

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

  getDescriptorID(actor: Actor): number {
    if (this.descriptorId === 0) {
      this.journal.set(this as IOMemoryDescriptor, 'descriptorId', this.iokit.newDescriptorId(actor));
    }
    return this.descriptorId;
  }

  /** Copies through the caller's buffer, a page at a time; returns how many bytes. */
  *readBytes(waiter: Waiter, offset: number, length: number): Steps<number> {
    return yield* copyBytes(this.iokit, waiter, this, offset, length, false);
  }

  *writeBytes(waiter: Waiter, offset: number, length: number): Steps<number> {
    return yield* copyBytes(this.iokit, waiter, this, offset, length, true);
  }

  /** Memory is coherent with devices, so there is nothing to write back; what is asked for is checked all the same. */
  performOperation(actor: Actor, operation: number, offset: number, length: number): IOReturn {
    if (operation !== kIOMemoryIncoherentIOFlush && operation !== kIOMemoryIncoherentIOStore)
      return kIOReturnUnsupported;
    if (offset > this.getLength()) return kIOReturnUnderrun;
    const end = Math.min(offset + length, this.getLength());
    for (let at = offset; at < end; ) {
      const segment = this.getPhysicalSegment(actor, at);
      if (segment.length === 0) return kIOReturnUnderrun;
      at += segment.length;
    }
    return kIOReturnSuccess;
  }
}
