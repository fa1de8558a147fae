/** DriverKit's IODMACommand: one call prepares memory and command and lists segments, one completes them (xnu-reference 1.12). */

import {
  kIODMACommandPerformOperationOptionRead,
  kIODMACommandPerformOperationOptionWrite,
  kIODMACommandPerformOperationOptionZero,
} from '../../iokit/dext-options.ts';
import { kIODMACommandOutputHost64 } from '../../iokit/dma-options.ts';
import {
  type IOReturn,
  kIOReturnBadArgument,
  kIOReturnNoMemory,
  kIOReturnNotReady,
  kIOReturnSuccess,
  kIOReturnUnderrun,
} from '../../iokit/return-codes.ts';
import { mostElements } from '../../kernel/calls/driverkit.ts';
import { calls } from '../../kernel/calls/index.ts';
import { currentTask } from '../current.ts';
import { Handle, handleBrand } from '../handle.ts';
import { descriptorId, wordOf } from '../iokit/arguments.ts';
import { roomToCopy } from '../iokit/io-dma-command.ts';
import type { Size } from '../iokit/io-memory-descriptor.ts';
import { hasOther, lowBits } from './arguments.ts';
import { IOMemoryDescriptor } from './io-memory-descriptor.ts';

export interface IODMACommandSpecification {
  readonly options?: Size;
  /** How many bits of an address the device has. */
  readonly maxAddressBits: Size;
}

export interface IOAddressSegment {
  readonly address: number;
  readonly length: number;
}

const operations =
  kIODMACommandPerformOperationOptionRead |
  kIODMACommandPerformOperationOptionWrite |
  kIODMACommandPerformOperationOptionZero;

export class IODMACommand extends Handle {
  override readonly [handleBrand] = 'IODMACommand';

  static accepts(kind: string): boolean {
    return kind === 'IODMACommand';
  }

  /** A command for `device` (which is not looked at) without limits but the bits of an address. */
  static Create(
    _device: unknown,
    options: Size,
    specification: IODMACommandSpecification,
  ): { result: IOReturn; command: IODMACommand | null } {
    const maxAddressBits = wordOf(specification.maxAddressBits, 'maxAddressBits');
    if (hasOther(options, 0) || maxAddressBits > 255n) return { result: kIOReturnBadArgument, command: null };
    const request = {
      segmentFunction: kIODMACommandOutputHost64,
      numAddressBits: Number(maxAddressBits),
      maxSegmentSize: 0,
      maxTransferSize: 0,
      alignment: 1,
      alignmentLength: 1,
      alignmentInternalSegments: 1,
      mappingOptions: 0,
    };
    const made = currentTask().invoke(calls.commandWithSpecification, request, 0);
    if (made === 0) return { result: kIOReturnNoMemory, command: null };
    return { result: kIOReturnSuccess, command: new IODMACommand(made) };
  }

  /** Prepares `memory` and lists at most `segmentsCount` segments (32 at the most). On an error nothing is prepared. */
  PrepareForDMA(
    options: Size,
    memory: IOMemoryDescriptor | null,
    offset: Size,
    length: Size,
    segmentsCount = mostElements,
  ): { result: IOReturn; flags: number; segments: readonly IOAddressSegment[] } {
    if (hasOther(options, 0) || memory === null) return { result: kIOReturnBadArgument, flags: 0, segments: [] };
    const id = descriptorId(memory, 'memory');
    const room = new Uint8Array(roomToCopy);
    return currentTask().transfer(calls.prepareForDMA, room, this.id, id, offset, length, segmentsCount, room.length);
  }

  CompleteDMA(options: Size): IOReturn {
    if (hasOther(options, 0)) return kIOReturnBadArgument;
    return currentTask().transfer(calls.completeDMA, new Uint8Array(roomToCopy), this.id, roomToCopy);
  }

  /** The prepared window and its memory, with a reference. */
  GetPreparation(): { result: IOReturn; offset: number; length: number; memory: IOMemoryDescriptor | null } {
    const prepared = currentTask().invoke(calls.getPreparedOffsetAndLength, this.id);
    if (prepared.result !== kIOReturnSuccess) return { ...prepared, memory: null };
    const memory = this.memory();
    memory?.retain();
    return { ...prepared, memory };
  }

  /** Copies between what the device reads (from `dmaOffset` of the window on) and `data`, or zeroes the former. */
  PerformOperation(
    options: Size,
    dmaOffset: Size,
    length: Size,
    dataOffset: Size,
    data: IOMemoryDescriptor | null,
  ): IOReturn {
    const task = currentTask();
    if (hasOther(options, operations)) return kIOReturnBadArgument;
    const size = wordOf(length, 'length');
    const { result } = task.invoke(calls.getPreparedOffsetAndLength, this.id);
    const memory = this.memory();
    if (result !== kIOReturnSuccess || memory === null) return kIOReturnNotReady;
    if (size > memory.GetLength().returnLength) return kIOReturnBadArgument;
    const bytes = Number(size);
    switch (lowBits(options)) {
      case kIODMACommandPerformOperationOptionZero:
        return this.store(dmaOffset, new Uint8Array(bytes));
      case kIODMACommandPerformOperationOptionRead:
        return isLong(data, bytes) ? this.read(dmaOffset, bytes, dataOffset, data) : kIOReturnBadArgument;
      case kIODMACommandPerformOperationOptionWrite:
        return isLong(data, bytes) ? this.write(dmaOffset, bytes, dataOffset, data) : kIOReturnBadArgument;
      default:
        return kIOReturnBadArgument;
    }
  }

  private read(dmaOffset: Size, length: number, dataOffset: Size, data: IOMemoryDescriptor): IOReturn {
    const task = currentTask();
    const buffer = new Uint8Array(length);
    if (task.transfer(calls.commandReadBytes, buffer, this.id, dmaOffset, length, length) < length)
      return kIOReturnUnderrun;
    const copied = task.transfer(calls.writeBytes, buffer, data.id, dataOffset, length, length);
    return copied < length ? kIOReturnUnderrun : kIOReturnSuccess;
  }

  private write(dmaOffset: Size, length: number, dataOffset: Size, data: IOMemoryDescriptor): IOReturn {
    const buffer = new Uint8Array(length);
    const copied = currentTask().transfer(calls.readBytes, buffer, data.id, dataOffset, length, length);
    return copied < length ? kIOReturnUnderrun : this.store(dmaOffset, buffer);
  }

  private store(dmaOffset: Size, bytes: Uint8Array): IOReturn {
    const { length } = bytes;
    const copied = currentTask().transfer(calls.commandWriteBytes, bytes, this.id, dmaOffset, length, length);
    return copied < length ? kIOReturnUnderrun : kIOReturnSuccess;
  }

  private memory(): IOMemoryDescriptor | null {
    const id = currentTask().invoke(calls.getCommandDescriptor, this.id, false);
    return id === 0 ? null : new IOMemoryDescriptor(id);
  }
}

function isLong(data: IOMemoryDescriptor | null, length: number): data is IOMemoryDescriptor {
  return data !== null && data.GetLength().returnLength >= length;
}
