/**
 * The privileged interface to page frames: taking and freeing them, keeping them where they are, and reaching their bytes past
 * every mapping, as the kernel's own window on physical memory does.
 *
 * What it lets a scenario break is watched here: a frame that is freed while something still names it (I1), one that is used
 * after it was freed (I9), and an access on a task's behalf that its mapping no longer allows (I3).
 */
import { hex, KernelPanic } from '../../hardware/errors.ts';
import { VM_PROT_READ, VM_PROT_WRITE } from '../../vm/map-entry.ts';
import { type MemoryObject, noFrame } from '../../vm/memory-object.ts';
import { copyShared, setShadow } from '../../vm/shadow.ts';
import type { CopyStep, Steps } from '../../vm/steps.ts';
import { settleUnwire } from '../balance.ts';
import { call, parameter } from '../call.ts';
import type { Kernel } from '../kernel.ts';
import { sleepUntil } from '../locks/sleeping.ts';
import { checkPrivilege } from '../privilege.ts';
import { aboutFrame } from '../rules.ts';
import type { KernelTask } from '../task.ts';
import type { KernelThread } from '../thread.ts';
import { boolean, count, handle, nothing, size, u8 } from '../wire.ts';

const frame = parameter('frame', count);
/** A task and an address of it; handle 0 when nobody asked for the access. */
const access = [
  frame,
  parameter('offset', size),
  parameter('length', count),
  parameter('task', handle),
  parameter('address', size),
  parameter('force', boolean),
] as const;

export const frameCalls = {
  /** 0 when memory is used up. */
  frameAllocate: call('frameAllocate', [], count, (kernel, caller) => {
    checkPrivilege(caller, 'a frame');
    const taken = kernel.vm.zeroFrame(caller);
    if (taken === noFrame) return 0;
    kernel.byHand.count(kernel.byHand.owners, taken, 1);
    return taken;
  }),

  frameFree: call('frameFree', [frame], nothing, (kernel, caller, number) => {
    checkFrame(kernel, caller, number);
    const { frames } = kernel.hardware;
    if (frames.owners(number) === 0) throw new KernelPanic(`${caller.name} frees frame ${number}, which is free`);
    kernel.byHand.count(kernel.byHand.owners, number, -1);
    if (frames.owners(number) === 1) kernel.translationWatch.released(caller, number);
    else kernel.vm.disown(caller, number);
  }),

  frameWire: call('frameWire', [frame], nothing, (kernel, caller, number) => {
    checkFrame(kernel, caller, number);
    if (isFree(kernel, number)) throw new KernelPanic(`${caller.name} wires frame ${number}, which is free`);
    kernel.byHand.count(kernel.byHand.wires, number, 1);
    kernel.byHand.wiredBy(caller.holder, number, 1);
    kernel.hardware.frames.wire(number, 1);
  }),

  frameUnwire: call('frameUnwire', [frame], nothing, (kernel, caller, number) => {
    checkFrame(kernel, caller, number);
    if (kernel.hardware.frames.wires(number) === 0)
      throw new KernelPanic(`${caller.name} unwires frame ${number}, which is not wired`);
    settleUnwire(kernel, caller, number);
    kernel.byHand.count(kernel.byHand.wires, number, -1);
    kernel.vm.unwire(caller, number);
  }),

  /** Says that a frame was stored to, as a processor marks it: it is written out before it is used for other memory. */
  frameSetModified: call('frameSetModified', [frame], nothing, (kernel, caller, number) => {
    checkFrame(kernel, caller, number);
    const { frames } = kernel.hardware;
    if (!frames.isDirty(number)) frames.setDirty(number, 1);
  }),

  /** Says that it was not. Processors that have stored to it before go on without marking it, until they are told. */
  frameClearModified: call('frameClearModified', [frame], nothing, (kernel, caller, number) => {
    checkFrame(kernel, caller, number);
    const { frames, late, tables } = kernel.hardware;
    if (!frames.isDirty(number)) return;
    frames.setDirty(number, 0);
    doubtMarks(kernel);
    // Where they follow the tables at once, they are told by this.
    if (late === null) tables.invalidate();
  }),

  /** Copies out of the frame. The access itself is a step of its own, after the call's. */
  frameRead: call('frameRead', access, nothing, (kernel, caller, number, offset, length, task, address, force) =>
    reach(kernel, caller, { number, offset, length, task, address, force, rights: VM_PROT_READ }),
  ),
  frameWrite: call('frameWrite', access, nothing, (kernel, caller, number, offset, length, task, address, force) =>
    reach(kernel, caller, { number, offset, length, task, address, force, rights: VM_PROT_WRITE }),
  ),

  /** The frame of a page of a memory object, made resident; 0 when memory is used up. */
  objectPage: call(
    'objectPage',
    [parameter('object', handle), parameter('offset', size)],
    count,
    (kernel, caller, id, offset) => {
      checkPrivilege(caller, 'a page of a memory object');
      const object = kernel.handles.lookup(id, 'MemoryObject', caller) as MemoryObject;
      if (offset >= object.size)
        throw new RangeError(`offset: expected less than the object's ${object.size} bytes, got ${offset}`);
      const found = object.page(caller, Math.floor(offset / kernel.hardware.pageSize));
      return found === noFrame ? 0 : found;
    },
  ),

  /** An object that shows what the given one has, until it is stored to itself. Whoever stores below it from here on breaks it. */
  objectShadow: call('objectShadow', [parameter('object', handle)], handle, (kernel, caller, id) => {
    checkPrivilege(caller, 'the shadow of a memory object');
    const object = kernel.handles.lookup(id, 'MemoryObject', caller) as MemoryObject;
    const upper = kernel.vm.createObject(caller, object.size);
    upper.trueShare = true;
    upper.cacheMode = object.cacheMode;
    setShadow(kernel.vm, upper, object.retain(), 0);
    kernel.byHand.addShadow(upper);
    return kernel.handles.give(upper, caller);
  }),

  /** A copy of all of an object, which others may go on storing to; 0 when memory is used up. */
  objectCopy: call('objectCopy', [parameter('object', handle)], handle, (kernel, caller, id) => {
    checkPrivilege(caller, 'a copy of a memory object');
    const object = kernel.handles.lookup(id, 'MemoryObject', caller) as MemoryObject;
    const copied = copyShared(kernel.vm, caller, object, 0, object.pageCount);
    if (copied === null) return 0;
    // A later copy of the same object goes below this one, and both may be stored to: each gets an object of its own on top.
    const upper = kernel.vm.createObject(caller, object.size);
    upper.trueShare = true;
    setShadow(kernel.vm, upper, copied.object, copied.offset / kernel.vm.pageSize);
    return kernel.handles.give(upper, caller);
  }),

  /** Sleeps until somebody wakes the event. */
  eventWait: call('eventWait', [parameter('event', count)], u8, function* (kernel, caller, event): Steps<number> {
    checkPrivilege(caller, 'waiting for an event without a lock');
    return yield* sleepUntil(kernel, caller, event, Number.POSITIVE_INFINITY);
  }),
};

interface Reach {
  readonly number: number;
  readonly offset: number;
  readonly length: number;
  readonly task: number;
  readonly address: number;
  /** What the mapping may be given counts, in place of what it allows now. */
  readonly force: boolean;
  readonly rights: number;
}

function* reach(kernel: Kernel, caller: KernelThread, request: Reach): Steps<void> {
  const { number, offset, length, task, address, force, rights } = request;
  checkFrame(kernel, caller, number);
  const { pageSize } = kernel.hardware;
  if (offset + length > pageSize)
    throw new RangeError(`offset: expected ${length} bytes within a frame of ${pageSize}, got ${offset}`);
  const onBehalfOf = task === 0 ? null : (kernel.handles.lookup(task, 'Task', caller) as KernelTask);
  const intoMemory = rights === VM_PROT_WRITE;
  const copy: CopyStep = { physical: number * pageSize + offset, length, at: 0, intoMemory };
  yield copy;
  // What holds here is what held when the bytes went over: it is one step.
  const verb = intoMemory ? 'writes' : 'reads';
  if (isFree(kernel, number)) {
    if (intoMemory) kernel.vm.exposeFrames();
    const text = `${caller.name} ${verb} frame ${number}, which is free`;
    kernel.violation(caller, 'use-after-release', text, aboutFrame(number));
  }
  if (intoMemory && !kernel.hardware.frames.isDirty(number)) doubtMarks(kernel);
  if (intoMemory) kernel.snapshotWatch.stored(caller, number, onBehalfOf?.space ?? null, address);
  if (onBehalfOf === null) return;
  const problem = outrun(kernel, onBehalfOf, address, number, rights, force);
  if (problem !== null)
    kernel.violation(
      caller,
      'permission-outrun',
      `${caller.name} ${verb} frame ${number} on behalf of ${onBehalfOf.name} for ${hex(address)}, ${problem}`,
      aboutFrame(number),
      address,
    );
}

/** Why the task's mapping does not allow the access at this moment; null when it does. */
function outrun(
  kernel: Kernel,
  task: KernelTask,
  address: number,
  number: number,
  rights: number,
  force: boolean,
): string | null {
  const entry = task.space.lookup(address);
  if (entry === null) return 'where nothing is mapped';
  if (((force ? entry.maxProtection : entry.protection) & rights) === 0)
    return `whose mapping does not allow to ${rights === VM_PROT_WRITE ? 'write' : 'read'}`;
  const page = Math.floor((address - entry.start + entry.offset) / kernel.hardware.pageSize);
  const found = entry.object?.find(page);
  return found?.object.pages.get(found.index) === number ? null : 'where other memory is mapped';
}

/** From now on a page that counts as clean may hold what is nowhere else. */
function doubtMarks(kernel: Kernel): void {
  if (!kernel.vm.doubtsMarks) kernel.journal.set(kernel.vm, 'doubtsMarks', true);
}

function checkFrame(kernel: Kernel, caller: KernelThread, number: number): void {
  checkPrivilege(caller, 'a frame');
  const { frames } = kernel.hardware.frames;
  if (number < 1 || number >= frames) throw new RangeError(`frame: expected 1 to ${frames - 1}, got ${number}`);
}

function isFree(kernel: Kernel, number: number): boolean {
  const { frames } = kernel.hardware;
  return frames.owners(number) === 0 && frames.wires(number) === 0;
}
