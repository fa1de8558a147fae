/**
 * A descriptor that allocates the memory it describes (xnu-reference 1.3). What is not pageable lies in the kernel and is wired
 * for life; what is pageable is a memory object of its own, which one task has mapped from the start.
 *
 * Its length may shrink and grow within the capacity. What refers to its memory always covers the capacity.
 */
import { KernelPanic } from '../hardware/errors.ts';
import { noFrame } from '../vm/memory-object.ts';
import { type Actor, innerStep, type Steps, type Waiter } from '../vm/steps.ts';
import {
  allocateBuffer,
  type BufferMemory,
  type BufferRequest,
  descriptorOptions,
  freeBuffer,
} from './buffer-allocation.ts';
import { DextMaps } from './dext-maps.ts';
import { IOGeneralMemoryDescriptor } from './general-memory-descriptor.ts';
import type { IOKit } from './iokit.ts';
import { kIOMemoryDirectionMask, kIOMemoryPersistent } from './options.ts';
import { makeSource, type Source } from './source.ts';

export class IOBufferMemoryDescriptor extends IOGeneralMemoryDescriptor {
  override readonly kind = 'IOBufferMemoryDescriptor';
  length: number;
  readonly dextMaps: DextMaps;

  private constructor(
    iokit: IOKit,
    source: Source,
    readonly memory: BufferMemory,
    private readonly createdBy: number | null,
  ) {
    super(iokit, source, memory.place === null ? memory.object : null);
    this.length = memory.capacity;
    this.dextMaps = new DextMaps(iokit.journal);
  }

  /**
   * Without its automatic `prepare`, which takes steps; null when the request contradicts itself or memory is short.
   *
   * @param creator number of the task that a dext creates it for
   */
  static create(
    iokit: IOKit,
    actor: Actor,
    request: BufferRequest,
    creator: number | null = null,
  ): IOBufferMemoryDescriptor | null {
    const memory = allocateBuffer(iokit, actor, request);
    if (memory === null) return null;
    const ranges = [{ address: memory.address, length: memory.capacity }];
    const source = makeSource(iokit, ranges, request.space ?? iokit.kernelSpace, descriptorOptions(request.options));
    if (source !== null) return new IOBufferMemoryDescriptor(iokit, source, memory, creator);
    freeBuffer(actor, memory);
    return null;
  }

  override get creator(): number | null {
    return this.createdBy;
  }

  get capacity(): number {
    return this.memory.capacity;
  }

  override getLength(): number {
    return this.length;
  }

  /** Beyond the capacity it is ignored. Maps keep their lengths. */
  setLength(length: number): void {
    if (length <= this.capacity) this.journal.set(this as IOBufferMemoryDescriptor, 'length', length);
  }

  /** In the sources, whatever else the argument holds becomes part of the flags. */
  setDirection(direction: number): void {
    const bits = this.iokit.semantics === 'xnu' ? direction : direction & kIOMemoryDirectionMask;
    this.backing.setOptions(((this.source.options & ~kIOMemoryDirectionMask) | bits) >>> 0);
  }

  /** The address of byte `start`, when `length` bytes from there are in it; null otherwise. */
  bytesAt(start: number, length: number): number | null {
    const inside = start < this.length && start + length <= this.length;
    return inside && this.memory.address !== 0 ? this.memory.address + start : null;
  }

  /**
   * Adds as many of the caller's `length` bytes as there is room for. In the sources nobody serialises this: two threads may read
   * the same length, and then write over each other.
   */
  *appendBytes(waiter: Waiter, length: number): Steps<void> {
    const start = this.length;
    const room = Math.min(length, this.capacity - start);
    if (this.iokit.semantics === 'xnu') yield innerStep;
    this.setLength(start + room);
    const { vm } = this.iokit;
    for (let done = 0; done < room; ) {
      const at = this.memory.offset + start + done;
      const index = Math.floor(at / vm.pageSize);
      const inPage = at % vm.pageSize;
      const frame = this.memory.object.page(waiter, index);
      if (frame === noFrame) throw new KernelPanic(`appendBytes to ${this.name}: no memory for its pages`);
      if (!vm.hardware.frames.isDirty(frame)) vm.hardware.frames.setDirty(frame, 1);
      const part = Math.min(room - done, vm.pageSize - inPage);
      yield { physical: frame * vm.pageSize + inPage, length: part, at: done, intoMemory: true };
      done += part;
    }
  }

  /** What it allocated stays with it. */
  override reinitialise(): boolean {
    return false;
  }

  /** Whoever fills a buffer must be able to write, whatever its direction. */
  override initialise(actor: Actor): boolean {
    return (this.source.options & kIOMemoryPersistent) === 0 || this.backing.takeReference(actor, false) !== null;
  }

  override lastRightGone(holder: number, actor: Actor): void {
    this.dextMaps.drop(actor, holder);
  }

  override release(actor: Actor): void {
    super.release(actor);
    if (this.references > 0 && this.references === this.dextMaps.size) this.dextMaps.dropAll(actor);
  }

  protected override dispose(actor: Actor): void {
    super.dispose(actor);
    freeBuffer(actor, this.memory);
  }
}
