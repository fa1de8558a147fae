/**
 * The privileged interface to translations past what entries and mappers say: page tables of tasks, the IOMMU's, and the caches of
 * both, which remember what they have used until they are told to forget it.
 */
import { hex } from '../../hardware/errors.ts';
import type { Iommu } from '../../hardware/iommu.ts';
import { deviceSpace } from '../../hardware/page-fate.ts';
import { addressLimit, pteFrameShift } from '../../hardware/page-table.ts';
import { accessRead, accessWrite } from '../../hardware/translation-cache.ts';
import { VM_PROT_WRITE } from '../../vm/map-entry.ts';
import { call, parameter } from '../call.ts';
import type { Kernel } from '../kernel.ts';
import { checkPrivilege } from '../privilege.ts';
import { aboutFrame } from '../rules.ts';
import type { KernelThread } from '../thread.ts';
import { count, handle, nothing, size, u32 } from '../wire.ts';
import { spaceOf } from './address-space.ts';
import { checkPage, checkProtection } from './memory.ts';

const task = parameter('task', handle);
const address = parameter('address', size);
const length = parameter('length', size);

export const translationCalls = {
  /** Enters a translation without an entry that says so. */
  translationSet: call(
    'translationSet',
    [task, address, parameter('frame', count), parameter('protection', u32)],
    nothing,
    (kernel, caller, id, at, frame, protection) => {
      const space = spaceOf(kernel, caller, id);
      checkTranslation(kernel, at, frame, protection);
      const { tables, pageSize } = kernel.hardware;
      const page = at / pageSize;
      const before = tables.entry(space.number, page);
      const after = (frame << pteFrameShift) | protection;
      if (!tables.set(space.number, page, after, true))
        throw new RangeError(`address: ${hex(at)}: no room for another page table`);
      kernel.translationWatch.changed(caller, space.number, page, before, after);
      kernel.pageWatch.replaced(caller, space, at, before >>> pteFrameShift, frame);
      if ((protection & VM_PROT_WRITE) !== 0) kernel.snapshotWatch.exposed(caller, frame, space, at);
      if (isFree(kernel, frame)) reportFree(kernel, caller, space.name, frame, at);
    },
  ),

  /** Answers the frame that was shown there, 0 for none. */
  translationClear: call('translationClear', [task, address], count, (kernel, caller, id, at) => {
    const space = spaceOf(kernel, caller, id);
    checkPage('address', at, kernel.hardware.pageSize);
    checkLimit(at);
    const page = at / kernel.hardware.pageSize;
    const before = kernel.hardware.tables.clear(space.number, page, true);
    kernel.translationWatch.changed(caller, space.number, page, before, 0);
    return before >>> pteFrameShift;
  }),

  /** Makes every processor forget what it knows of the pages that a range touches. */
  shootDown: call('shootDown', [task, address, length], nothing, (kernel, caller, id, at, bytes) => {
    const { pageSize } = kernel.hardware;
    const { number } = spaceOf(kernel, caller, id);
    checkLimit(at + bytes);
    kernel.translationWatch.shotDown(number, Math.floor(at / pageSize), Math.ceil((at + bytes) / pageSize));
  }),

  /** Lets devices reach a frame at a device address. */
  iommuMap: call(
    'iommuMap',
    [address, parameter('frame', count), parameter('protection', u32)],
    nothing,
    (kernel, caller, at, frame, protection) => {
      const iommu = iommuOf(kernel, caller);
      checkTranslation(kernel, at, frame, protection);
      const { pageSize } = kernel.hardware;
      checkDevice(iommu, at, pageSize);
      const pages = pageSize / iommu.pageSize;
      for (let i = 0; i < pages; i++) {
        const page = at / iommu.pageSize + i;
        if (!iommu.map(page, frame * pages + i, protection & (accessRead | accessWrite)))
          throw new RangeError(`address: ${hex(at)}: no room for another table of the IOMMU`);
        kernel.byHand.touchPage(deviceSpace, page);
      }
      if (isFree(kernel, frame)) reportFree(kernel, caller, 'devices', frame, at);
    },
  ),

  /** Takes device pages out of the IOMMU's table. Devices that have used them get through until they are flushed. */
  iommuUnmap: call('iommuUnmap', [address, length], nothing, (kernel, caller, at, bytes) => {
    const iommu = iommuOf(kernel, caller);
    checkDevice(iommu, at, bytes);
    for (const page of pagesOf(iommu, at, bytes)) {
      kernel.byHand.touchPage(deviceSpace, page);
      const physicalPage = iommu.lookup(page);
      if (physicalPage >= 0)
        kernel.observer.reclaimed(Math.floor((physicalPage * iommu.pageSize) / kernel.hardware.pageSize));
      iommu.unmap(page, 1);
    }
  }),

  /** Takes device pages out of the IOMMU's cache. */
  iommuFlush: call('iommuFlush', [address, length], nothing, (kernel, caller, at, bytes) => {
    const iommu = iommuOf(kernel, caller);
    checkDevice(iommu, at, bytes);
    for (const page of pagesOf(iommu, at, bytes)) iommu.flush(page, 1);
  }),
};

function isFree(kernel: Kernel, frame: number): boolean {
  const { frames } = kernel.hardware;
  return frames.owners(frame) === 0 && frames.wires(frame) === 0;
}

function reportFree(kernel: Kernel, caller: KernelThread, whom: string, frame: number, at: number): void {
  const text = `${caller.name} lets ${whom} reach frame ${frame}, which is free, at ${hex(at)}`;
  kernel.violation(caller, 'freed-page-reachable', text, aboutFrame(frame));
}

function iommuOf(kernel: Kernel, caller: KernelThread): Iommu {
  checkPrivilege(caller, 'the IOMMU');
  const { iommu } = kernel.hardware;
  if (iommu === null) throw new RangeError('iommu: this machine has none: give it one with machine: { mapper: {} }');
  return iommu;
}

function pagesOf(iommu: Iommu, at: number, bytes: number): number[] {
  const first = Math.floor(at / iommu.pageSize);
  return Array.from({ length: Math.ceil((at + bytes) / iommu.pageSize) - first }, (_, i) => first + i);
}

function checkTranslation(kernel: Kernel, at: number, frame: number, protection: number): void {
  const { frames, pageSize } = kernel.hardware;
  checkPage('address', at, pageSize);
  checkLimit(at);
  checkProtection(protection);
  if (frame < 1 || frame >= frames.frames)
    throw new RangeError(`frame: expected 1 to ${frames.frames - 1}, got ${frame}`);
}

function checkDevice(iommu: Iommu, at: number, bytes: number): void {
  if (at + bytes > iommu.addressLimit)
    throw new RangeError(`address: expected device addresses below ${hex(iommu.addressLimit)}, got ${hex(at)}`);
}

function checkLimit(at: number): void {
  if (at >= addressLimit) throw new RangeError(`address: expected less than 2^47, got ${hex(at)}`);
}
