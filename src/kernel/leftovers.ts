/**
 * What a kernel still has once every task is dead and nobody holds anything: nothing. The starting numbers need not be noted, since
 * they are known: every frame but the first is free, and nothing else exists.
 *
 * (Rejected: leaving this to the tests. The kernel of a coordinator is in another thread, which they do not reach into.)
 */

import { deviceSpace } from '../hardware/page-fate.ts';
import { IOMemoryDescriptor } from '../iokit/memory-descriptor.ts';
import type { Kernel } from './kernel.ts';
import { silent } from './observer.ts';

/** Ends every task and gives up whatever is held, then throws an Error for what is left. Only a rollback makes the kernel of use again. */
export function checkNothingLeft(kernel: Kernel): void {
  const { observer } = kernel;
  // What is given up here is no part of what was run.
  kernel.observer = silent;
  giveUpAll(kernel);
  kernel.observer = observer;
  const found = leftovers(kernel);
  if (found.length > 0) throw new Error(`left behind: ${found.join('; ')}`);
}

function giveUpAll(kernel: Kernel): void {
  const { kernelTask, handles, iokit, vm, byHand } = kernel;
  const machine = kernel.machineThread(kernelTask);
  for (const task of kernel.tasks) if (task !== kernelTask) kernel.killTask(task);
  kernel.killTask(kernelTask);
  handles.dropAll(machine);
  // Contexts may hold each other in a circle, which counting references never frees.
  for (const object of [...handles.objects()])
    if (object instanceof IOMemoryDescriptor) object.setContext(machine, null);
  // What the sources never release, and what privileged code and drivers took by themselves: no death gives it back.
  for (const object of iokit.leaked) object.release(machine);
  const { systemMapper } = iokit;
  for (const first of [...(systemMapper?.loose.keys() ?? [])])
    systemMapper!.freeLoosely(first, systemMapper!.space.at(first)!.pages);
  // What `setup` lets devices reach, executions need not take back.
  for (const page of byHand.pagesOfSetup(deviceSpace)) kernel.hardware.iommu?.unmap(page, 1);
  for (const [frame, count] of byHand.wires) for (let left = count; left > 0; left--) vm.unwire(machine, frame);
  for (const [frame, count] of byHand.owners) for (let left = count; left > 0; left--) vm.disown(machine, frame);
}

/** What there is still, in words. */
function leftovers(kernel: Kernel): string[] {
  const found: string[] = [];
  const { iokit, vm, handles } = kernel;
  const { frames } = kernel.hardware;
  const expect = (what: string, number: number, wanted: number): void => {
    if (number !== wanted) found.push(`${number} ${what} instead of ${wanted}`);
  };
  // A frame that privileged code freed under its owner is freed twice: that was to be shown.
  const broken = [...kernel.byHand.owners.values(), ...kernel.byHand.wires.values()].some((count) => count < 0);
  if (!broken) expect('free frames', frames.freeFrames, frames.frames - 1);
  const objects = [...handles.objects()].filter(({ kind }) => kind !== 'Task' && kind !== 'IOMapper');
  expect(`handles (${objects.map(({ kind }) => kind).join(', ')})`, objects.length, 0);
  expect('slots of swap in use', vm.swap?.used ?? 0, 0);
  expect('windows of device addresses', iokit.systemMapper?.space.windows.length ?? 0, 0);
  expect('translations of the IOMMU', kernel.hardware.iommu?.translations().table.length ?? 0, 0);
  for (const name of ['descriptors', 'maps', 'commands', 'userClients', 'substitutes'] as const)
    expect(name, [...iokit[name]].length, 0);
  expect('volatile objects', vm.purgeQueue.objects.length, 0);
  expect('shut gates', vm.shutGates, 0);
  for (const { name, entries, lock } of vm.spaces) {
    expect(`entries of ${name}`, entries.count, 0);
    if (lock.owner !== null) found.push(`the map lock of ${name} is held`);
  }
  // Locks are not among it: no death releases them.
  for (const { name, messages } of kernel.threads) expect(`messages to ${name}`, messages.length, 0);
  return found;
}
