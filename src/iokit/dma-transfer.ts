/**
 * What a DMA command set up when it was prepared: the window of its descriptor's memory, and where the device finds each byte of
 * it. That is the memory itself; or one bounce buffer for all of it; or the memory, with low pages in place of those that the
 * device cannot express. Offsets count from the beginning of the window.
 */
import { hex, KernelPanic } from '../hardware/errors.ts';
import type { Actor, Steps, Waiter } from '../vm/steps.ts';
import type { CopyBuffer } from './copy-buffer.ts';
import type { CommandMap } from './dma-mapping.ts';
import { isPhysical, isPreparedReadOnly } from './dma-memory.ts';
import { addressLimitOf, type DMASpecification, mappingTypeMask, nonCoherent } from './dma-specification.ts';
import type { IOKit } from './iokit.ts';
import type { IOMemoryDescriptor } from './memory-descriptor.ts';
import { kIODirectionIn, kIODirectionOut, kIOMemoryMapperNone } from './options.ts';
import { noSegment, type Segment } from './page-list.ts';

export class DMATransfer {
  private readonly limit: number;

  /**
   * @param cursor the memory is used as it is, and segments that do not suit the device are refused
   * @param substitutes physical page → frame that stands for it
   * @param mapping device addresses of the memory, or of the bounce buffer; null when the device uses physical ones
   */
  constructor(
    private readonly iokit: IOKit,
    readonly memory: IOMemoryDescriptor,
    private readonly specification: DMASpecification,
    readonly offset: number,
    readonly length: number,
    readonly cursor: boolean,
    readonly bounce: CopyBuffer | null,
    readonly substitutes: ReadonlyMap<number, number>,
    readonly mapping: CommandMap | null,
  ) {
    this.limit = addressLimitOf(specification);
  }

  /** The descriptor of the memory that the device uses. */
  get used(): IOMemoryDescriptor {
    return this.bounce ?? this.memory;
  }

  /** Whether there is anything to copy between the memory and what the device uses. */
  get copies(): boolean {
    return this.bounce !== null || this.substitutes.size > 0;
  }

  /** Whether the device is to see what was in the memory. */
  private get goesOut(): boolean {
    return this.memory.getDirection() !== kIODirectionIn;
  }

  /** Whether the memory is to have what the device wrote. */
  private get comesIn(): boolean {
    return this.memory.getDirection() !== kIODirectionOut;
  }

  /** What the device uses from byte `at`, as far as its addresses go on; nothing when the memory ends before the window. */
  stretch(actor: Actor, at: number): Segment {
    let { address, length } = this.extent(actor, at);
    if (length === 0) return noSegment;
    while (at + length < this.length) {
      const next = this.extent(actor, at + length);
      if (next.address !== address + length || next.length === 0) break;
      length += next.length;
    }
    return { address, length: Math.min(length, this.length - at) };
  }

  /** Where byte `at` of what the device uses lies in physical memory, within one page. */
  fragment(actor: Actor, at: number): Segment {
    const { pageSize } = this.iokit.vm;
    if (this.bounce !== null) {
      const address = this.bounce.address + at;
      return { address, length: Math.min(pageSize - (address % pageSize), this.length - at) };
    }
    const { address, length } = this.source(actor, at);
    return { address: this.substitute(address), length };
  }

  /**
   * Copies between the memory and what stands in for it, through the caller's buffer of `room` bytes; each page is two steps.
   * Returns how much of the window was reached: less when it ends early, or may not be written to.
   */
  *copy(waiter: Waiter, fromMemory: boolean, room: number): Steps<number> {
    if (!fromMemory && !this.mayWriteBack()) return 0;
    for (let at = 0; at < this.length; ) {
      const source = this.source(waiter, at);
      if (source.length === 0) return at;
      const stand = this.fragment(waiter, at);
      const length = Math.min(source.length, stand.length, room);
      if (stand.address !== source.address) {
        const [from, to] = fromMemory ? [source, stand] : [stand, source];
        yield { physical: this.checked(from.address, length), length, at: 0, intoMemory: false };
        yield { physical: this.checked(to.address, length), length, at: 0, intoMemory: true };
      }
      at += length;
    }
    return this.length;
  }

  /** The copy of `prepare`: towards the device, if its direction says so. */
  *copyOut(waiter: Waiter, room: number): Steps<void> {
    if (this.copies && this.goesOut) yield* this.copy(waiter, true, room);
  }

  /** The copy of `complete`: back into the memory, if its direction says so. Returns what was reached of the window. */
  *copyIn(waiter: Waiter, room: number): Steps<number> {
    return this.copies && this.comesIn ? yield* this.copy(waiter, false, room) : this.length;
  }

  /** Cache maintenance for devices that see memory past the caches. */
  maintainCaches(actor: Actor, operation: number): void {
    if ((this.specification.mappingOptions & mappingTypeMask) !== nonCoherent) return;
    this.used.performOperation(actor, operation, this.bounce === null ? this.offset : 0, this.length);
  }

  /** Copies between what the device uses, from byte `from` of the window on, and the caller's buffer; a step a page. */
  *access(waiter: Waiter, from: number, length: number, intoMemory: boolean): Steps<number> {
    if (intoMemory) this.expose();
    let done = 0;
    while (done < length) {
      const fragment = this.fragment(waiter, from + done);
      if (fragment.length === 0) break;
      const part = Math.min(fragment.length, length - done);
      yield { physical: this.checked(fragment.address, part), length: part, at: done, intoMemory };
      done += part;
    }
    return done;
  }

  /** Gives back what was taken for it. */
  release(actor: Actor): void {
    if (this.mapping?.own && this.mapping.map !== null) this.specification.mapper!.unmapMemory(this.mapping.map);
    this.bounce?.release(actor);
    giveBack(this.iokit, actor, this.substitutes);
  }

  /** Where byte `at` of the descriptor's memory lies in physical memory, within one page. */
  source(actor: Actor, at: number): Segment {
    const { address, length } = this.memory.getFragment(actor, this.offset + at);
    return { address, length: Math.min(length, this.length - at) };
  }

  private extent(actor: Actor, at: number): Segment {
    if (this.mapping !== null && this.mapping.map !== null) {
      return this.mapping.map.segmentAt(this.bounce === null ? this.offset + at : at);
    }
    if (this.bounce !== null) return { address: this.bounce.address + at, length: this.length - at };
    if (this.substitutes.size === 0) return this.memory.segmentFor(actor, this.offset + at, kIOMemoryMapperNone);
    return this.fragment(actor, at);
  }

  private substitute(address: number): number {
    if (this.substitutes.size === 0 || address < this.limit) return address;
    const { pageSize } = this.iokit.vm;
    const frame = this.substitutes.get(Math.floor(address / pageSize));
    return frame === undefined ? address : frame * pageSize + (address % pageSize);
  }

  private mayWriteBack(): boolean {
    this.expose();
    return !isPreparedReadOnly(this.memory);
  }

  /** Through physical addresses anything may be written to, memory that was never handed out too. */
  private expose(): void {
    if (isPhysical(this.memory)) this.iokit.vm.exposeFrames();
  }

  private checked(address: number, length: number): number {
    if (address + length > this.iokit.vm.hardware.memory.size) {
      throw new KernelPanic(`machine check: there is no memory at the physical address ${hex(address)}`);
    }
    return address;
  }
}

/** Gives the frames back that stood for memory. */
export function giveBack(iokit: IOKit, actor: Actor, substitutes: ReadonlyMap<number, number>): void {
  for (const frame of substitutes.values()) {
    iokit.substitutes.delete(frame);
    iokit.vm.disown(actor, frame);
  }
}
