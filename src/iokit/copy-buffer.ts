/**
 * Memory of the kernel that a command transfers in place of its descriptor's: frames that follow one another below a limit,
 * owned by the descriptor that names them (xnu-reference 1.10, `createCopyBuffer`). Always wired, and never behind a mapper.
 */
import { noFrame } from '../vm/memory-object.ts';
import type { Actor } from '../vm/steps.ts';
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
    const first = count === 0 ? noFrame : vm.zeroRun(actor, count, mask);
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
