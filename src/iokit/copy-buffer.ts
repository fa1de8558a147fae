/**
 * Memory of the kernel that a command transfers in place of its descriptor's: frames that follow one another below a limit,
 * owned by the descriptor that names them (xnu-reference 1.10, `createCopyBuffer`). Always wired, and never behind a mapper.
 */
import { noFrame } from '../vm/memory-object.ts';
import type { Actor } from '../vm/steps.ts';
import type { VirtualMemory } from '../vm/virtual-memory.ts';
import { IOGeneralMemoryDescriptor } from './general-memory-descriptor.ts';
import type { IOKit } from './iokit.ts';
import { kIODirectionOutIn, kIOMemoryMapperNone, kIOMemoryTypePhysical } from './options.ts';
import { makeSource, type Source } from './source.ts';

export class CopyBuffer extends IOGeneralMemoryDescriptor {
  private constructor(
    iokit: IOKit,
    source: Source,
    readonly firstFrame: number,
    readonly frameCount: number,
  ) {
    super(iokit, source);
  }

  /**
   * `length` bytes that begin at a page; null when there is no such memory.
   *
   * @param mask bits that the physical address of the first byte may have
   */
  static make(iokit: IOKit, actor: Actor, direction: number, length: number, mask: number): CopyBuffer | null {
    const { vm } = iokit;
    const count = Math.ceil(length / vm.pageSize);
    const first = count === 0 ? noFrame : runWithin(vm, actor, count, mask);
    if (first === noFrame) return null;
    const options = (direction & kIODirectionOutIn) | kIOMemoryTypePhysical | kIOMemoryMapperNone;
    const source = makeSource(iokit, [{ address: first * vm.pageSize, length }], null, options)!;
    return new CopyBuffer(iokit, source, first, count);
  }

  /** Physical address of its first byte. */
  get address(): number {
    return this.firstFrame * this.iokit.vm.pageSize;
  }

  protected override dispose(actor: Actor): void {
    super.dispose(actor);
    for (let i = 0; i < this.frameCount; i++) this.iokit.vm.disown(actor, this.firstFrame + i);
  }
}

/** Frames whose first has a physical address with no bit outside `mask`: its low zero bits are an alignment, its highest a limit. */
function runWithin(vm: VirtualMemory, actor: Actor, count: number, mask: number): number {
  if (mask < vm.pageSize) return noFrame;
  const limit = 2 ** (Math.floor(Math.log2(mask)) + 1);
  let alignment = 1;
  while (mask % (2 * alignment) === 0) alignment *= 2;
  return vm.zeroRun(actor, count, Math.max(1, alignment / vm.pageSize), limit / vm.pageSize);
}
