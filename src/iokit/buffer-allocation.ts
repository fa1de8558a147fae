/**
 * Where the memory of a buffer comes from, and what its options mean: they are a space of their own, whose bits collide with
 * those of other descriptors (xnu-reference 1.3).
 */
import { type AddressSpace, nowhere } from '../vm/address-space.ts';
import { KERN_SUCCESS } from '../vm/kern-return.ts';
import { VM_PROT_NONE, VM_PROT_READ, VM_PROT_WRITE } from '../vm/map-entry.ts';
import type { MemoryObject } from '../vm/memory-object.ts';
import { copyToObject } from '../vm/remap.ts';
import type { Actor } from '../vm/steps.ts';
import type { VirtualMemory } from '../vm/virtual-memory.ts';
import type { IOKit } from './iokit.ts';
import {
  kIOMapCacheMask,
  kIOMapCacheShift,
  kIOMapPrefault,
  kIOMemoryAutoPrepare,
  kIOMemoryBufferCacheMask,
  kIOMemoryBufferCacheShift,
  kIOMemoryBufferPageable,
  kIOMemoryBufferPurgeable,
  kIOMemoryClearEncrypt,
  kIOMemoryDirectionMask,
  kIOMemoryHostPhysicallyContiguous,
  kIOMemoryMapperNone,
  kIOMemoryPageable,
  kIOMemoryPersistent,
  kIOMemoryPhysicallyContiguous,
  kIOMemoryPurgeable,
  kIOMemorySharingTypeMask,
  kIOMemoryThreadSafe,
  kIOMemoryTypeVirtual,
  kIOMemoryUseReserve,
} from './options.ts';

export interface BufferRequest {
  /** Null: memory without an address, which must be pageable. */
  readonly space: AddressSpace | null;
  /** Of IOBufferMemoryDescriptor. */
  readonly options: number;
  /** Bytes. */
  readonly capacity: number;
  /** Bytes. */
  readonly alignment: number;
  /** All of it lies below this physical address; Infinity for anywhere. */
  readonly limit: number;
  /** An inaccessible page on each side. */
  readonly guarded: boolean;
  /** It begins as a copy of what is there; null: as zero. */
  readonly copied: { readonly space: AddressSpace; readonly address: number } | null;
}

/** A buffer's own memory. */
export interface BufferMemory {
  readonly object: MemoryObject;
  /** Byte of the object at which the buffer begins: a copy keeps its place in the page. */
  readonly offset: number;
  /** Where a task has it; null when none was asked for. `start` to `end` with its guard pages. */
  readonly place: { readonly space: AddressSpace; readonly start: number; readonly end: number } | null;
  /** Address of the first byte, 0 when no task has it. */
  readonly address: number;
  readonly capacity: number;
}

const readWrite = VM_PROT_READ | VM_PROT_WRITE;
const passedOn =
  kIOMemoryDirectionMask |
  kIOMemoryAutoPrepare |
  kIOMemoryThreadSafe |
  kIOMemoryClearEncrypt |
  kIOMemoryMapperNone |
  kIOMemoryUseReserve;

/** The options of the descriptor below a buffer. What is pageable, or has a cache mode, refers to its memory from the start. */
export function descriptorOptions(options: number): number {
  const cacheMode = (options & kIOMapCacheMask) >>> kIOMapCacheShift;
  const pageable = (options & kIOMemoryPageable) !== 0;
  let flags = (options & passedOn) | kIOMemoryTypeVirtual;
  flags |= pageable ? kIOMemoryBufferPageable : kIOMemoryAutoPrepare;
  if ((options & kIOMemoryPurgeable) !== 0) flags |= kIOMemoryBufferPurgeable;
  if (pageable || cacheMode !== 0) flags |= kIOMemoryPersistent;
  return (flags | ((cacheMode << kIOMemoryBufferCacheShift) & kIOMemoryBufferCacheMask)) >>> 0;
}

/** Memory for a buffer, all of it zero; null when the request contradicts itself or memory is short. */
export function allocateBuffer(iokit: IOKit, actor: Actor, request: BufferRequest): BufferMemory | null {
  const { space, options, guarded } = request;
  const { vm } = iokit;
  const pageable = (options & kIOMemoryPageable) !== 0;
  const alignment = alignmentOf(request, vm.pageSize);
  const asked = (options & (kIOMemoryPhysicallyContiguous | kIOMemoryHostPhysicallyContiguous)) !== 0;
  if (guarded && (pageable || asked)) return null;
  if (space !== iokit.kernelSpace && !pageable) return null;
  if (request.capacity === 0 || request.capacity > vm.hardware.memory.size) return null;

  const capacity = guarded ? vm.roundPage(request.capacity) : request.capacity;
  const object = objectFor(iokit, actor, request, capacity, alignment, asked || alignment > vm.pageSize);
  if (object === null) return null;
  const offset = (request.copied?.address ?? 0) % vm.pageSize;
  if (space === null) return { object, offset, place: null, address: 0, capacity };
  const guard = guarded ? vm.pageSize : 0;
  const start = placeBuffer(actor, space, object, guard, alignment, vm.pageSize);
  if (start === nowhere) {
    object.release(actor);
    return null;
  }
  const place = { space, start, end: start + object.size + 2 * guard };
  const memory = { object, offset, place, address: start + guard + offset, capacity };
  if (!pageable || (options & kIOMapPrefault) === 0 || prefault(actor, memory, vm.pageSize)) return memory;
  freeBuffer(actor, memory);
  return null;
}

/** The task may be dead, or have unmapped it itself. */
export function freeBuffer(actor: Actor, { object, place }: BufferMemory): void {
  place?.space.remove(actor, place.start, place.end);
  object.release(actor);
}

/** A power of two: alignments are masks. What has a cache mode or is shared with users has whole pages of its own. */
function alignmentOf({ options, alignment, guarded }: BufferRequest, pageSize: number): number {
  const pages = (options & (kIOMemorySharingTypeMask | kIOMapCacheMask | kIOMemoryClearEncrypt)) !== 0 || guarded;
  const least = Math.max(alignment, pages ? pageSize : 1);
  return 2 ** Math.ceil(Math.log2(least));
}

function objectFor(
  { vm }: IOKit,
  actor: Actor,
  { options, limit, copied }: BufferRequest,
  capacity: number,
  alignment: number,
  contiguous: boolean,
): MemoryObject | null {
  let object: MemoryObject | null;
  if (copied !== null) object = copyOf(vm, actor, copied, capacity);
  else if (contiguous) object = vm.createContiguousObject(actor, capacity, alignment, limit);
  else if (limit < vm.hardware.memory.size) object = vm.createLowObject(actor, capacity, limit);
  else if ((options & kIOMemoryPurgeable) === 0) object = vm.createObject(actor, capacity);
  else {
    object = vm.createPurgeableObject(actor, capacity);
    object.purgeableByKernel = true;
  }
  const cacheMode = (options & kIOMapCacheMask) >>> kIOMapCacheShift;
  if (cacheMode !== 0) object?.setCacheMode(actor, cacheMode);
  return object;
}

function copyOf(
  vm: VirtualMemory,
  actor: Actor,
  { space, address }: NonNullable<BufferRequest['copied']>,
  size: number,
): MemoryObject | null {
  const copy = copyToObject(vm, actor, space, vm.truncatePage(address), vm.roundPage(address + size));
  return typeof copy === 'number' ? null : copy;
}

/** Enters the memory, with a guard on each side; returns where the first guard begins, or `nowhere`. */
function placeBuffer(
  actor: Actor,
  space: AddressSpace,
  object: MemoryObject,
  guard: number,
  alignment: number,
  pageSize: number,
): number {
  const size = object.size + 2 * guard;
  const found = space.place(actor, size + Math.max(0, alignment - pageSize));
  if (found === nowhere) return nowhere;
  const start = Math.ceil(found / alignment) * alignment;
  if (guard > 0) {
    space.enter(actor, start, guard, null, 0, VM_PROT_NONE, VM_PROT_NONE, false);
    space.enter(actor, start + guard + object.size, guard, null, 0, VM_PROT_NONE, VM_PROT_NONE, false);
  }
  const code = space.enter(actor, start + guard, object.size, object, 0, readWrite, readWrite, false);
  return code === KERN_SUCCESS ? start : nowhere;
}

function prefault(actor: Actor, { object, offset, place, address }: BufferMemory, pageSize: number): boolean {
  for (let at = 0; at < object.size; at += pageSize)
    if (place!.space.fault(actor, address - offset + at, VM_PROT_READ) !== KERN_SUCCESS) return false;
  return true;
}
