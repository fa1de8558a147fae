/**
 * DMA as DriverKit does it: wiring the memory and preparing the command are one call, and so are completing both (xnu-reference
 * 1.12). Calls on one command exclude each other, because a dext's threads are nobody's to serialise.
 */
import type { Steps, Waiter } from '../vm/steps.ts';
import type { IODMACommand } from './dma-command.ts';
import type { IOMemoryDescriptor } from './memory-descriptor.ts';
import { kIODirectionNone, kIODirectionOutIn } from './options.ts';
import type { Segment } from './page-list.ts';
import { type IOReturn, kIOReturnBusy, kIOReturnNotReady, kIOReturnSuccess } from './return-codes.ts';

export interface DextPreparation {
  readonly result: IOReturn;
  /** In and Out bits of the descriptor. */
  readonly flags: number;
  readonly segments: readonly Segment[];
}

const failed = (result: IOReturn): DextPreparation => ({ result, flags: 0, segments: [] });

/**
 * Prepares memory and command and lists at most `most` segments. A failure leaves neither prepared.
 *
 * @param counted is told of each `prepare` (1) and `complete` (-1) of the memory
 */
export function* prepareForDMA(
  waiter: Waiter,
  command: IODMACommand,
  memory: IOMemoryDescriptor,
  offset: number,
  length: number,
  most: number,
  room: number,
  counted: (memory: IOMemoryDescriptor, change: number) => void,
): Steps<DextPreparation> {
  yield* command.dextLock.take(waiter);
  let settled = true;
  try {
    if (command.active > 0) return failed(kIOReturnBusy);
    let code = yield* memory.prepare(waiter, kIODirectionNone);
    if (code !== kIOReturnSuccess) return failed(code);
    counted(memory, 1);
    settled = false;
    code = yield* command.exclusively(waiter, command.setMemoryDescriptor(waiter, memory, false, room));
    if (code === kIOReturnSuccess)
      code = yield* command.exclusively(waiter, command.prepare(waiter, offset, length, true, true, room));
    if (code === kIOReturnSuccess) {
      const { result, segments } = yield* command.exclusively(waiter, command.genIOVMSegments(waiter, 0, most));
      if (result === kIOReturnSuccess) {
        settled = true;
        return { result, flags: memory.getDirection() & kIODirectionOutIn, segments };
      }
      code = result;
    }
    yield* command.exclusively(waiter, command.clearMemoryDescriptor(waiter, true, room));
    settled = true;
    counted(memory, -1);
    yield* memory.complete(waiter, kIODirectionNone);
    return failed(code);
  } finally {
    // A thread that died on the way takes no more steps: what it prepared of the memory stays, as with any other prepare.
    if (!settled) command.abandon(waiter);
    command.dextLock.release(waiter);
  }
}

/** Completes command and memory. */
export function* completeDMA(
  waiter: Waiter,
  command: IODMACommand,
  room: number,
  counted: (memory: IOMemoryDescriptor, change: number) => void,
): Steps<IOReturn> {
  yield* command.dextLock.take(waiter);
  const { memory } = command;
  try {
    if (command.active === 0 || memory === null) return kIOReturnNotReady;
    // Kept, since the command lets it go first.
    memory.retain();
    try {
      const code = yield* command.exclusively(waiter, command.clearMemoryDescriptor(waiter, true, room));
      counted(memory, -1);
      const unwired = yield* memory.complete(waiter, kIODirectionNone);
      return code === kIOReturnSuccess ? unwired : code;
    } finally {
      memory.release(waiter);
    }
  } finally {
    command.dextLock.release(waiter);
  }
}
