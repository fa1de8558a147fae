/** What a machine holds at one moment, for people and scripts: tasks, memory objects, maps, descriptors, frames, swap. */
import type { DeviceTranslation } from '../hardware/iommu.ts';
import { IOMemoryDescriptor } from '../iokit/memory-descriptor.ts';
import type { KernelObject } from '../vm/kernel-object.ts';
import type { MemoryObject } from '../vm/memory-object.ts';
import { VM_PURGABLE_DENY } from '../vm/purgeable.ts';
import type { Kernel } from './kernel.ts';
import { memoryObjects } from './memory-objects.ts';

export interface EntryInspection {
  readonly start: number;
  readonly end: number;
  /** Number of the object in `objects`; null for a guard. */
  readonly object: number | null;
  /** Byte of the object that `start` shows. */
  readonly offset: number;
  /** VM_PROT bits. */
  readonly protection: number;
  readonly needsCopy: boolean;
}

export interface ObjectInspection {
  /** Bytes. */
  readonly size: number;
  readonly references: number;
  /** Number of the object below, whose pages show through; null: none. */
  readonly shadow: number | null;
  readonly purgeable: 'no' | 'nonvolatile' | 'volatile' | 'empty';
  readonly resident: number;
  /** Pages that are in swap and not in memory. */
  readonly swapped: number;
}

/** What `machine.inspect()` answers. */
export interface Inspection {
  readonly tasks: {
    readonly name: string;
    readonly alive: boolean;
    readonly threads: string[];
    readonly entries: EntryInspection[];
  }[];
  readonly objects: ObjectInspection[];
  /** `address` is 0 and `task` null once it is unmapped. */
  readonly maps: { readonly task: string | null; readonly address: number; readonly length: number }[];
  readonly descriptors: {
    readonly kind: string;
    /** In words: what it describes. */
    readonly name: string;
    readonly length: number;
    readonly references: number;
    /** How often it is prepared. */
    readonly wireCount: number;
  }[];
  readonly frames: {
    readonly total: number;
    readonly free: number;
    readonly owned: number;
    readonly wired: number;
    readonly dirty: number;
  };
  /** Lines (64 bytes) in the data cache, and those of them that memory does not have yet; null where devices are coherent. */
  readonly caches: { readonly lines: number; readonly dirty: number } | null;
  /** The system's mapper; null on machines without one. Its windows are in the order of their device addresses. */
  readonly iommu: { readonly pageSize: number; readonly windows: WindowInspection[] } | null;
  /** Pages. */
  readonly swap: { readonly total: number; readonly used: number };
}

export interface WindowInspection {
  /** Of the first byte, as devices see it. */
  readonly address: number;
  /** Bytes. */
  readonly length: number;
  /** Device pages that show memory, and pages that devices still get through to by their translation cache. */
  readonly mapped: number;
  readonly cached: number;
}

const purgeableNames = ['nonvolatile', 'volatile', 'empty', 'no'] as const;

/** @param held frames that were freed and wait for running threads */
export function inspectKernel(kernel: Kernel, held = 0): Inspection {
  const objects = [...memoryObjects(kernel)];
  const numbers = new Map(objects.map((object, number) => [object, number]));
  return {
    tasks: kernel.tasks
      .filter((task) => !task.device)
      .map((task) => ({
        name: task.name,
        alive: !task.dead,
        threads: kernel.threads.filter((thread) => thread.task === task).map(({ name }) => name),
        entries: [...task.space.entries].map(({ start, end, object, offset, protection, needsCopy }) => ({
          start,
          end,
          object: object === null ? null : numbers.get(object)!,
          offset,
          protection,
          needsCopy,
        })),
      })),
    objects: objects.map((object) => describeObject(object, numbers)),
    maps: [...kernel.iokit.maps].map(({ space, address, length }) => ({ task: space?.name ?? null, address, length })),
    descriptors: descriptorsOf(kernel).map((descriptor) => ({
      kind: descriptor.kind,
      name: descriptor.name,
      length: descriptor.getLength(),
      references: descriptor.references,
      wireCount: descriptor.wired.reduce((least, { wireCount }) => Math.min(least, wireCount), Number.MAX_SAFE_INTEGER),
    })),
    frames: countFrames(kernel, held),
    caches: kernel.hardware.caches?.count() ?? null,
    iommu: describeIommu(kernel),
    swap: { total: kernel.vm.swap?.capacity ?? 0, used: kernel.vm.swap?.used ?? 0 },
  };
}

function describeObject(object: MemoryObject, numbers: ReadonlyMap<MemoryObject, number>): ObjectInspection {
  let swapped = 0;
  for (const index of object.slots.keys()) if (!object.pages.has(index)) swapped++;
  return {
    size: object.size,
    references: object.references,
    shadow: object.shadow === null ? null : numbers.get(object.shadow)!,
    purgeable: purgeableNames[object.purgeable] ?? purgeableNames[VM_PURGABLE_DENY],
    resident: object.pages.size,
    swapped,
  };
}

function describeIommu({ iokit: { systemMapper }, hardware: { iommu } }: Kernel): Inspection['iommu'] {
  if (systemMapper === null || iommu === null) return null;
  const { pageSize } = systemMapper;
  const { table, cache } = iommu.translations();
  const windows = systemMapper.space.windows.map(({ first, pages }) => {
    const within = ({ page }: DeviceTranslation): boolean => page >= first && page < first + pages;
    const [mapped, cached] = [table, cache].map((list) => list.filter(within).length) as [number, number];
    return { address: first * pageSize, length: pages * pageSize, mapped, cached };
  });
  return { pageSize, windows };
}

/** Those that tasks have handles of, and those that only maps keep alive. */
function descriptorsOf(kernel: Kernel): IOMemoryDescriptor[] {
  const all = new Set<KernelObject>([...kernel.handles.objects(), ...kernel.iokit.descriptors]);
  return [...all].filter((object): object is IOMemoryDescriptor => object instanceof IOMemoryDescriptor);
}

function countFrames({ hardware: { frames } }: Kernel, held: number): Inspection['frames'] {
  let owned = 0;
  let wired = 0;
  let dirty = 0;
  for (let frame = 0; frame < frames.frames; frame++) {
    if (frames.owners(frame) > 0) owned++;
    if (frames.wires(frame) > 0) wired++;
    if (frames.isDirty(frame)) dirty++;
  }
  return { total: frames.frames, free: frames.freeFrames + held, owned, wired, dirty };
}
