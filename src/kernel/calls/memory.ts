/** Calls on a task's own address space. Each waits for the map lock, then does its work in one step. */
import { hex } from '../../hardware/errors.ts';
import { type Iommu, iommuNotMapped, iommuNotPermitted } from '../../hardware/iommu.ts';
import type { LateTranslations } from '../../hardware/late-translations.ts';
import { type AddressSpace, type MakeObject, nowhere } from '../../vm/address-space.ts';
import {
  KERN_INVALID_ADDRESS,
  KERN_MEMORY_ERROR,
  KERN_PROTECTION_FAILURE,
  KERN_RESOURCE_SHORTAGE,
  KERN_SUCCESS,
  type KernReturn,
  kernReturnText,
} from '../../vm/kern-return.ts';
import { VM_PROT_READ, VM_PROT_WRITE } from '../../vm/map-entry.ts';
import type { MemoryObject } from '../../vm/memory-object.ts';
import { isPlainFault } from '../../vm/plain-fault.ts';
import type { Steps } from '../../vm/steps.ts';
import { sharedWindow } from '../../vm/windows.ts';
import { call, parameter } from '../call.ts';
import { type Declared, onlyMakes } from '../effects.ts';
import type { KernelThread } from '../thread.ts';
import { boolean, count, handle, nothing, size, u8, u32 } from '../wire.ts';

const readWrite = VM_PROT_READ | VM_PROT_WRITE;

/** The codes of `fault`, in the order of machine/faults.ts. */
const faultCodes = [
  KERN_SUCCESS,
  KERN_INVALID_ADDRESS,
  KERN_PROTECTION_FAILURE,
  KERN_RESOURCE_SHORTAGE,
  KERN_MEMORY_ERROR,
];

type Allocates = Declared<readonly [number, number, boolean, number]>;

const allocation = [
  parameter('size', size),
  parameter('address', size),
  parameter('anywhere', boolean),
  parameter('protection', u32),
] as const;

/**
 * A call that allocates memory of one kind: pageable unless `make` says otherwise.
 *
 * @param effects what else it changes; nothing where no page comes before it is reached
 */
export const allocatingCall = (
  name: string,
  make?: MakeObject,
  effects: Allocates | null = (told, _values, caller) => told.addsToSpace(caller),
) =>
  call(
    name,
    allocation,
    count,
    function* (kernel, caller, bytes, address, anywhere, protection): Steps<number> {
      if (bytes === 0) throw new RangeError('size: expected at least 1 byte, got 0');
      if (!anywhere) checkPage('address', address, kernel.hardware.pageSize);
      checkProtection(protection);
      const { space } = caller.task;
      yield* space.lock.free(caller);
      const at = anywhere ? null : address;
      return placed(space.allocate(caller, bytes, at, protection, readWrite, make), bytes, at);
    },
    effects,
  );

export const memoryCalls = {
  allocate: allocatingCall('allocate'),

  deallocate: call(
    'deallocate',
    [parameter('address', size), parameter('size', size)],
    nothing,
    function* (_kernel, caller, address, bytes): Steps<void> {
      const { space } = caller.task;
      yield* space.lock.free(caller);
      if (bytes > 0) space.remove(caller, address, address + bytes);
    },
  ),

  protect: call(
    'protect',
    [parameter('address', size), parameter('size', size), parameter('protection', u32)],
    nothing,
    function* (_kernel, caller, address, bytes, protection): Steps<void> {
      checkProtection(protection);
      const { space } = caller.task;
      yield* space.lock.free(caller);
      const code = bytes === 0 ? KERN_SUCCESS : space.protect(address, address + bytes, protection);
      if (code !== KERN_SUCCESS)
        throw new RangeError(`protection of ${bytes} bytes at ${hex(address)}: ${kernReturnText(code)}`);
    },
  ),

  /** Makes a page accessible after a translation missed. Answers a place in machine/faults.ts; 0 is success. */
  fault: call(
    'fault',
    [parameter('address', size), parameter('access', u32)],
    u8,
    function* (kernel, caller, address, access): Steps<number> {
      if (caller.task.device && kernel.hardware.iommu !== null)
        return faultCodes.indexOf(fillBus(kernel.hardware.iommu, address, access));
      const { late } = kernel.hardware;
      if (late === null || caller.number < 0) return faultCodes.indexOf(yield* faultIn(caller, address, access));
      return faultCodes.indexOf(
        yield* fillLate(late, caller, Math.floor(address / kernel.hardware.pageSize), address, access),
      );
    },
    // The page that comes says so itself.
    (effects, [address, access], caller, { vm }) => {
      const { task, running } = caller;
      // The machine itself comes when all is over, and does not learn from it where pages are.
      if (caller.number < 0) return;
      // One that has slept hands the map lock's wakeup on; a device looks its bus addresses up.
      if (running !== null || task.device || !isPlainFault(vm, task.space, caller, address, access))
        effects.everything();
      else effects.readsSpace(task.space);
    },
  ),

  memoryObject: call(
    'memoryObject',
    [parameter('size', size)],
    handle,
    (kernel, caller, bytes) => {
      if (bytes === 0 || bytes > 2 ** 47) throw new RangeError(`size: expected 1 to 2^47 bytes, got ${bytes}`);
      const object = kernel.vm.createObject(caller, bytes);
      object.trueShare = true;
      return kernel.handles.give(object, caller);
    },
    onlyMakes,
  ),

  mapObject: call(
    'mapObject',
    [
      parameter('object', handle),
      parameter('offset', size),
      parameter('size', size),
      parameter('address', size),
      parameter('anywhere', boolean),
      parameter('protection', u32),
      parameter('overwrite', boolean),
    ],
    count,
    function* (kernel, caller, id, offset, bytes, address, anywhere, protection, overwrite): Steps<number> {
      const object = kernel.handles.lookup(id, 'MemoryObject', caller) as MemoryObject;
      checkPage('offset', offset, kernel.hardware.pageSize);
      if (!anywhere) checkPage('address', address, kernel.hardware.pageSize);
      if (anywhere && overwrite) throw new RangeError('overwrite: expected an address to overwrite at');
      checkProtection(protection);
      const length = kernel.vm.roundPage(bytes === 0 ? object.size - offset : bytes);
      if (!(length > 0) || offset + length > object.size)
        throw new RangeError(`offset, size: expected a part of the object's ${object.size} bytes`);
      const { space } = caller.task;
      // Another thread may release the object while this one waits.
      object.retain();
      try {
        yield* space.lock.free(caller);
        const start = anywhere ? space.place(caller, length) : address;
        const code = space.enter(caller, start, length, object, offset, protection, readWrite, overwrite);
        if (code !== KERN_SUCCESS)
          throw new RangeError(
            `${length} bytes ${anywhere ? 'anywhere' : `at ${hex(address)}`}: ${kernReturnText(code)}`,
          );
        return start;
      } finally {
        object.release(caller);
      }
    },
  ),

  /** Memory at one address in every task there is, devices excepted. Only the machine itself calls it. */
  share: call('share', [parameter('size', size)], count, (kernel, caller, bytes) => {
    const length = kernel.vm.roundPage(bytes);
    const address = kernel.kernelTask.space.gap(sharedWindow.start, sharedWindow.end, length);
    if (caller.number >= 0 || bytes === 0 || address === nowhere)
      throw new RangeError(`share: expected 1 byte or more during setup, got ${bytes}`);
    const object = kernel.vm.createObject(caller, length);
    object.trueShare = true;
    for (const task of kernel.tasks)
      if (!task.device) task.space.enter(caller, address, length, object, 0, readWrite, readWrite, false);
    object.release(caller);
    return address;
  }),
};

/** Waits until the map lock is free and nothing is awaited before the pages from `start` to before `end`. */
export function* reach(caller: KernelThread, space: AddressSpace, start: number, end: number): Steps<void> {
  for (;;) {
    yield* space.lock.free(caller);
    const queue = space.gates.awaitedIn(start, end);
    if (queue === null) return;
    yield queue;
  }
}

/** Has the IOMMU look a device's address up, which fills its cache. */
function fillBus(iommu: Iommu, address: number, access: number): KernReturn {
  const physical = iommu.translate(address, access);
  if (physical >= 0) return KERN_SUCCESS;
  if (physical === iommuNotMapped) return KERN_INVALID_ADDRESS;
  return physical === iommuNotPermitted ? KERN_PROTECTION_FAILURE : KERN_MEMORY_ERROR;
}

/** Fills the cache of the caller's processor: from the page table alone if that allows the access, as hardware does. */
function* fillLate(
  late: LateTranslations,
  caller: KernelThread,
  page: number,
  address: number,
  access: number,
): Steps<KernReturn> {
  const { number } = caller.task.space;
  if (late.fill(caller.number, number, page, access)) return KERN_SUCCESS;
  const code = yield* faultIn(caller, address, access);
  if (code === KERN_SUCCESS) late.fill(caller.number, number, page, access);
  return code;
}

/** Makes a page of the caller's accessible, when it may be. */
export function* faultIn(caller: KernelThread, address: number, access: number): Steps<KernReturn> {
  const { space } = caller.task;
  yield* reach(caller, space, address, address + 1);
  return space.fault(caller, address, access);
}

/** The address of what was placed, or the error that minus a Mach code stands for. */
export function placed(result: number, bytes: number, address: number | null): number {
  if (result >= 0) return result;
  const where = address === null ? 'anywhere' : `at ${hex(address)}`;
  throw new RangeError(`${bytes} bytes ${where}: ${kernReturnText(-result)}`);
}

export function checkPage(name: string, value: number, pageSize: number): void {
  if (value % pageSize !== 0)
    throw new RangeError(`${name}: expected a multiple of the page size ${pageSize}, got ${hex(value)}`);
}

export function checkProtection(protection: number): void {
  if (protection > readWrite)
    throw new RangeError(`protection: expected VM_PROT_READ, VM_PROT_WRITE, both or none, got ${protection}`);
}
