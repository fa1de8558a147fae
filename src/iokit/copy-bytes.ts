/** `readBytes` and `writeBytes`: copying between a descriptor's memory and a buffer of the caller (xnu-reference 3.9). */
import { hex, KernelPanic } from '../hardware/errors.ts';
import type { Actor, Steps, Waiter } from '../vm/steps.ts';
import type { IOKit } from './iokit.ts';
import type { IOMemoryDescriptor } from './memory-descriptor.ts';
import { kIODirectionIn, kIODirectionOut, kIODirectionOutIn } from './options.ts';

export function* copyBytes(
  iokit: IOKit,
  waiter: Waiter,
  descriptor: IOMemoryDescriptor,
  offset: number,
  length: number,
  intoMemory: boolean,
): Steps<number> {
  const total = copyable(iokit, descriptor, offset, length);
  if (total === 0 || !descriptor.mayCopy(waiter, intoMemory)) return 0;
  const whole = waiter.pool === 0 || iokit.copiesWholeSegments;
  const { threadSafe } = descriptor;
  // Others might release it between two steps. Kept here, where the steps are: a generator around this one costs as much again.
  descriptor.retain();
  try {
    // A thread-safe copy keeps every other one out from its first byte to its last.
    if (threadSafe) yield* iokit.globalLock.take(waiter);
    let done = 0;
    while (done < total) {
      const fragment = whole
        ? descriptor.getPhysicalSegment(waiter, offset + done)
        : descriptor.getFragment(waiter, offset + done);
      if (fragment.length === 0) break;
      const part = Math.min(fragment.length, total - done);
      if (fragment.address + part > iokit.vm.hardware.memory.size) {
        throw new KernelPanic(`machine check: there is no memory at the physical address ${hex(fragment.address)}`);
      }
      yield { physical: fragment.address, length: part, at: done, intoMemory };
      done += part;
    }
    return done;
  } finally {
    if (threadSafe) iokit.globalLock.release(waiter);
    descriptor.release(waiter);
  }
}

/** Whether a copy goes the way that `direction` says; breaks the rule when it does not. */
export function isRightDirection(
  iokit: IOKit,
  actor: Actor,
  descriptor: IOMemoryDescriptor,
  direction: number,
  intoMemory: boolean,
): boolean {
  if ((direction & (intoMemory ? kIODirectionIn : kIODirectionOut)) !== 0) return true;
  const text = intoMemory ? 'writeBytes needs kIODirectionIn' : 'readBytes needs kIODirectionOut';
  const prepared = `${descriptor.name} is prepared with direction ${direction & kIODirectionOutIn}`;
  iokit.violation(actor, 'direction-misuse', `${text}: ${prepared}`, descriptor);
  return false;
}

/** How much of a request is copied: what fits, or (as in the sources) nothing when not all of it fits. */
function copyable(iokit: IOKit, descriptor: IOMemoryDescriptor, offset: number, length: number): number {
  const available = Math.max(0, descriptor.getLength() - offset);
  if (length <= available) return length;
  return iokit.semantics === 'documented' ? available : 0;
}
