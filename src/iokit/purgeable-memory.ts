/** `setPurgeable`: what its words mean, and what several objects come to together (xnu-reference 2.4, 3.5). */
import type { AddressSpace } from '../vm/address-space.ts';
import {
  KERN_INVALID_ADDRESS,
  KERN_INVALID_ARGUMENT,
  KERN_PROTECTION_FAILURE,
  KERN_SUCCESS,
} from '../vm/kern-return.ts';
import { VM_PROT_WRITE } from '../vm/map-entry.ts';
import {
  controlPurgeable,
  type PurgeableRequest,
  VM_PURGABLE_DENY,
  VM_PURGABLE_EMPTY,
  VM_PURGABLE_NONVOLATILE,
  VM_PURGABLE_VOLATILE,
} from '../vm/purgeable.ts';
import type { Actor } from '../vm/steps.ts';
import type { VirtualMemory } from '../vm/virtual-memory.ts';
import type { MemoryReference } from './memory-reference.ts';
import {
  kIOMemoryPurgeableEmpty,
  kIOMemoryPurgeableKeepCurrent,
  kIOMemoryPurgeableNonVolatile,
  kIOMemoryPurgeableVolatile,
} from './options.ts';
import { type IOReturn, kIOReturnBadArgument } from './return-codes.ts';

export interface PurgeableResult {
  readonly result: IOReturn;
  /** The state before, a kIOMemoryPurgeable word; 0 where it was not found out. */
  readonly oldState: number;
}

const controlMask = 0xf;

/** Control values → states of the VM. */
const states = new Map<number, number | null>([
  [kIOMemoryPurgeableKeepCurrent, null],
  [kIOMemoryPurgeableNonVolatile, VM_PURGABLE_NONVOLATILE],
  [kIOMemoryPurgeableVolatile, VM_PURGABLE_VOLATILE],
  [kIOMemoryPurgeableEmpty, VM_PURGABLE_EMPTY],
]);

const words = [kIOMemoryPurgeableNonVolatile, kIOMemoryPurgeableVolatile, kIOMemoryPurgeableEmpty];

/** The old state of several pieces together: the one that is furthest from being kept. */
const aggregateState = (one: number, other: number): number => Math.max(one, other);

/** Of several descriptors: one after the other, up to the first failure (C83). */
export function setAllPurgeable(parts: readonly (() => PurgeableResult)[]): PurgeableResult {
  let oldState = kIOMemoryPurgeableNonVolatile;
  for (const part of parts) {
    const answer = part();
    if (answer.result !== KERN_SUCCESS) return { result: answer.result, oldState };
    oldState = aggregateState(oldState, answer.oldState);
  }
  return { result: KERN_SUCCESS, oldState };
}

/** Through a memory reference: every entry in turn, up to the first error. The old state is told even then. */
export function setReferencePurgeable(
  vm: VirtualMemory,
  actor: Actor,
  reference: MemoryReference,
  newState: number,
): PurgeableResult {
  const request = requestFor(newState);
  if (request === null) return { result: kIOReturnBadArgument, oldState: 0 };
  let oldState = kIOMemoryPurgeableNonVolatile;
  for (const { object, objectOffset, pageOffset, length } of reference.entries) {
    const whole = objectOffset === 0 && vm.roundPage(pageOffset + length) === object.size;
    if (!whole || object.purgeable === VM_PURGABLE_DENY) return { result: KERN_INVALID_ARGUMENT, oldState };
    oldState = aggregateState(oldState, words[controlPurgeable(vm, actor, object, request).old]!);
  }
  return { result: KERN_SUCCESS, oldState };
}

/** Through the map of the task that has the memory: the object that is found at `address`. */
export function setRegionPurgeable(
  vm: VirtualMemory,
  actor: Actor,
  space: AddressSpace,
  address: number,
  newState: number,
): PurgeableResult {
  const request = requestFor(newState);
  if (request === null) return { result: kIOReturnBadArgument, oldState: 0 };
  const entry = space.lookup(address);
  if (entry === null) return { result: KERN_INVALID_ADDRESS, oldState: 0 };
  if (request.state !== null && (entry.protection & VM_PROT_WRITE) === 0)
    return { result: KERN_PROTECTION_FAILURE, oldState: 0 };
  const { object } = entry;
  if (request.state !== null && object?.purgeableByKernel) return { result: KERN_PROTECTION_FAILURE, oldState: 0 };
  if (object === null || entry.offset !== 0 || entry.end - entry.start !== object.size)
    return { result: KERN_INVALID_ARGUMENT, oldState: 0 };
  const { code, old } = controlPurgeable(vm, actor, object, request);
  return code === KERN_SUCCESS ? { result: code, oldState: words[old]! } : { result: code, oldState: 0 };
}

function requestFor(newState: number): PurgeableRequest | null {
  const state = states.get(newState & controlMask);
  return state === undefined ? null : { state, modifiers: newState & ~controlMask };
}
