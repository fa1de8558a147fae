/**
 * I10: whoever prepares, retains, maps or wires is who completes, releases, unmaps or unwires. What one task gives up for another is taken from
 * that one, which does not know: the memory goes under it. Counted for each task (execution.md, rule 15).
 *
 * What the machine holds from `setup` is anybody's to give up: nobody else can.
 */
import type { IOGeneralMemoryDescriptor } from '../iokit/general-memory-descriptor.ts';
import type { IOMemoryMap } from '../iokit/io-memory-map.ts';
import type { KernelObject } from '../vm/kernel-object.ts';
import { machineHolder } from './handle-table.ts';
import type { Kernel } from './kernel.ts';
import { aboutFrame } from './rules.ts';
import type { KernelThread } from './thread.ts';

/** `caller` completes a descriptor that is prepared: settles whose `prepare` that was, before the memory goes. */
export function settleComplete(kernel: Kernel, caller: KernelThread, descriptor: IOGeneralMemoryDescriptor): void {
  const { prepares, wireCount } = descriptor;
  if (wireCount === 0) return;
  if (prepares.of(caller.holder) > 0) prepares.add(caller.holder, -1);
  else if (prepares.of(machineHolder) > 0) prepares.add(machineHolder, -1);
  else completeOthers(kernel, caller, descriptor);
}

function completeOthers(kernel: Kernel, caller: KernelThread, descriptor: IOGeneralMemoryDescriptor): void {
  const others = descriptor.prepares.outstanding();
  const counted = others.reduce((sum, [, count]) => sum + count, 0);
  // What was prepared by itself when it was made is nobody's; and the dead complete nothing.
  if (descriptor.deviceMemory || others.length === 0 || counted < descriptor.wireCount) return;
  const [victim] = others[0]!;
  descriptor.prepares.add(victim, -1);
  if (kernel.tasks[victim]!.dead) return;
  const text = `${caller.name} completes ${descriptor.name}, which it has not prepared: the prepare is ${namesOf(kernel, others)}`;
  kernel.violation(caller, 'unbalanced', text, descriptor.handle);
}

/** `caller` releases an object, also one that it holds no reference of. */
export function releaseReference(kernel: Kernel, caller: KernelThread, object: KernelObject): void {
  const { handles } = kernel;
  if (caller.holder === machineHolder || handles.isHeld(object, caller.holder)) handles.release(object, caller);
  else if (handles.isHeld(object, machineHolder)) handles.release(object, caller, machineHolder);
  else releaseOthers(kernel, caller, object);
}

function releaseOthers(kernel: Kernel, caller: KernelThread, object: KernelObject): void {
  const holders = kernel.handles.holdersOf(object);
  const whose = holders.length === 0 ? 'they are all the kernel’s own' : `it is ${namesOf(kernel, holders)}`;
  const text = `${caller.name} releases a reference of ${article(object.kind)} that it does not hold: ${whose}`;
  kernel.violation(caller, 'unbalanced', text, object.handle);
  kernel.handles.release(object, caller, holders[0]?.[0] ?? caller.holder);
}

/**
 * `caller` is about to unmap a map: those who hold it may, and whoever has it in its own memory. (Rejected: telling those who hold it too.
 * Taking the memory from all of them is what `unmap` is for, and they may know.)
 */
export function checkUnmap(kernel: Kernel, caller: KernelThread, map: IOMemoryMap): void {
  const { handles } = kernel;
  if (map.space === null || map.range === null || map.space === caller.task.space) return;
  if ([caller.holder, machineHolder].some((holder) => handles.isHeld(map, holder))) return;
  const holders = handles.holdersOf(map);
  if (holders.length === 0) return;
  const text = `${caller.name} unmaps ${map.name}, which it does not hold: it is ${namesOf(kernel, holders)}`;
  kernel.violation(caller, 'unbalanced', text, map.handle);
}

/** `caller` undoes one wiring of a frame by hand. */
export function settleUnwire(kernel: Kernel, caller: KernelThread, frame: number): void {
  const { byHand } = kernel;
  const isOwn = byHand.wiresOf(caller.holder, frame) > 0;
  if (isOwn || byHand.wiresOf(machineHolder, frame) > 0)
    return byHand.wiredBy(isOwn ? caller.holder : machineHolder, frame, -1);
  byHand.wiredBy(caller.holder, frame, -1);
  const text = `${caller.name} unwires frame ${frame}, which it has not wired: ${wirersOf(kernel, frame)}`;
  kernel.violation(caller, 'unbalanced', text, aboutFrame(frame));
}

/** Who keeps a frame in place, in words. */
export function wirersOf(kernel: Kernel, frame: number): string {
  const names: string[] = [];
  for (const { name, wiring } of kernel.iokit.descriptors)
    if (wiring.wireCount > 0 && wiring.lists.some(({ frames }) => frames.includes(frame)))
      names.push(`${name} is prepared`);
  for (const task of kernel.tasks)
    if (kernel.byHand.wiresOf(task.number, frame) > 0) names.push(`${task.name} has wired it by hand`);
  return names.join(', and ') || 'somebody else has';
}

/** 'client's and kernel's' */
function namesOf(kernel: Kernel, holders: readonly (readonly [holder: number, count: number])[]): string {
  return holders.map(([holder]) => `${kernel.tasks[holder]?.name ?? 'the machine'}’s`).join(' and ');
}

const article = (kind: string): string => `${/^[AEIOU]/.test(kind) ? 'an' : 'a'} ${kind}`;
