/**
 * Apple's IODMACommand, as task code sees it: prepares a descriptor's memory for a device and lists it in segments.
 *
 * Out-parameters come back in result objects, and `genIOVMSegments` takes the number of segments as the room there is for them.
 */
import {
  kIODMACommandOutputBig32,
  kIODMACommandOutputBig64,
  kIODMACommandOutputHost32,
  kIODMACommandOutputHost64,
  kIODMACommandOutputLittle32,
  kIODMACommandOutputLittle64,
} from '../../iokit/dma-options.ts';
import { type IOReturn, kIOReturnError, kIOReturnSuccess } from '../../iokit/return-codes.ts';
import type { Call } from '../../kernel/call.ts';
import { calls } from '../../kernel/calls/index.ts';
import { currentTask } from '../current.ts';
import { Handle, handleBrand, registerHandle } from '../handle.ts';
import { bits, descriptorId, objectOrNull } from './arguments.ts';
import { type PrepareSpecification, readSpecification, type Specification, type Window } from './dma-arguments.ts';
import { IOMemoryDescriptor, type Size } from './io-memory-descriptor.ts';
import { recordSize, writeSegments } from './segment-format.ts';

export interface IOVMSegment {
  readonly fIOVMAddr: number;
  readonly fLength: number;
}

/** `offset` is where the next segment begins. On an error it is the one that was passed, and there are no segments. */
interface Generated<S> {
  readonly result: IOReturn;
  readonly offset: Size;
  readonly segments: S;
}

export class IODMACommand extends Handle {
  override readonly [handleBrand] = 'IODMACommand';

  static readonly OutputHost32 = kIODMACommandOutputHost32;
  static readonly OutputBig32 = kIODMACommandOutputBig32;
  static readonly OutputLittle32 = kIODMACommandOutputLittle32;
  static readonly OutputHost64 = kIODMACommandOutputHost64;
  static readonly OutputBig64 = kIODMACommandOutputBig64;
  static readonly OutputLittle64 = kIODMACommandOutputLittle64;

  /** Types of mapping, one of which may be combined with the flags below. */
  static readonly kMapped = 0;
  static readonly kBypassed = 1;
  static readonly kNonCoherent = 2;
  static readonly kUnmapped = 3;
  static readonly kTypeMask = 0x0f;
  static readonly kNoCacheStore = 0x10;
  static readonly kOnChip = 0x20;
  static readonly kIterateOnly = 0x40;

  /** Option of `synchronize`: use a bounce buffer from now on. */
  static readonly kForceDoubleBuffer = 0x01000000;

  /** A command for devices as described; null when the specification is rejected. `outSegFunc` null is rejected. */
  static withSpecification(outSegFunc: number | null, ...specification: Specification): IODMACommand {
    const { request, mapper } = readSpecification(outSegFunc, specification);
    return objectOrNull(currentTask().invoke(calls.commandWithSpecification, request, mapper), IODMACommand);
  }

  /** The same with a code for its failure. */
  static weakWithSpecification(
    outSegFunc: number | null,
    ...specification: Specification
  ): { result: IOReturn; newCommand: IODMACommand | null } {
    const newCommand = IODMACommand.withSpecification(outSegFunc, ...specification) as IODMACommand | null;
    return { result: newCommand === null ? kIOReturnError : kIOReturnSuccess, newCommand };
  }

  /** A command that is specified later, by `prepareWithSpecification`. */
  static withRefCon(_refCon: unknown = null): IODMACommand {
    return new IODMACommand(currentTask().invoke(calls.commandWithRefCon));
  }

  /** A command with the same specification and no memory; null when it has none. */
  cloneCommand(_refCon: unknown = null): IODMACommand {
    return objectOrNull(currentTask().invoke(calls.cloneCommand, this.id), IODMACommand);
  }

  /** Gives the command its memory, which must be prepared already, and prepares the command for all of it unless told not to. */
  setMemoryDescriptor(mem: IOMemoryDescriptor | null, autoPrepare = true): IOReturn {
    const id = mem === null ? 0 : descriptorId(mem, 'mem');
    return copying(calls.setMemoryDescriptor, this.id, id, autoPrepare, roomToCopy);
  }

  clearMemoryDescriptor(autoComplete = true): IOReturn {
    return copying(calls.clearMemoryDescriptor, this.id, autoComplete, roomToCopy);
  }

  /** The memory it was given, without a reference; null when there is none. */
  getMemoryDescriptor(): IOMemoryDescriptor | null {
    return this.descriptor(false);
  }

  /** The memory that the device uses, without a reference: a copy where that was necessary. */
  getIOMemoryDescriptor(): IOMemoryDescriptor | null {
    return this.descriptor(true);
  }

  getNumAddressBits(): number {
    return this.specification.numAddressBits;
  }

  getAlignment(): number {
    return this.specification.alignment;
  }

  getAlignmentLength(): number {
    return this.specification.alignmentLength;
  }

  getAlignmentInternalSegments(): number {
    return this.specification.alignmentInternalSegments;
  }

  /** Makes `length` bytes from `offset` ready for the device; length 0 stands for all that the memory has. */
  prepare(offset: Size = 0, length: Size = 0, flushCache = true, synchronize = true): IOReturn {
    return copying(calls.commandPrepare, this.id, offset, length, flushCache, synchronize, roomToCopy);
  }

  /** `prepare` with another specification, which stays: its arguments (but for refCon), then those of `prepare`. */
  prepareWithSpecification(outSegFunc: number | null, ...specification: PrepareSpecification): IOReturn {
    const own = typeof specification[0] === 'number' ? 6 : 3;
    const { request, mapper } = readSpecification(outSegFunc, specification.slice(0, own) as Specification);
    const [offset = 0, length = 0, flushCache = true, synchronize = true] = specification.slice(own) as Window;
    const call = calls.prepareWithSpecification;
    return copying(call, this.id, request, mapper, offset, length, flushCache, synchronize, roomToCopy);
  }

  complete(invalidateCache = true, synchronize = true): IOReturn {
    return copying(calls.commandComplete, this.id, invalidateCache, synchronize, roomToCopy);
  }

  /** Copies between the memory and what stands in for it: kIODirectionOut towards the device, kIODirectionIn back. */
  synchronize(options: number): IOReturn {
    return copying(calls.commandSynchronize, this.id, bits(options), roomToCopy);
  }

  /** The prepared window; kIOReturnNotReady while there is none. */
  getPreparedOffsetAndLength(): { result: IOReturn; offset: number; length: number } {
    return currentTask().invoke(calls.getPreparedOffsetAndLength, this.id);
  }

  /** At most `numSegments` segments from `offset` of the window on, as the output function (or another one) writes them. */
  genIOVMSegments(offset: Size, numSegments: number, segmentFunction?: number): Generated<Uint8Array> {
    const generated = this.generate(offset, numSegments);
    const { segments, segmentFunction: own } = generated;
    return { ...generatedAt(offset, generated), segments: writeSegments(segmentFunction ?? own, segments) };
  }

  /** The same as numbers, for an output function of 32 bits. */
  gen32IOVMSegments(offset: Size, numSegments: number): Generated<IOVMSegment[]> {
    return this.generateRecords(offset, numSegments, 8);
  }

  /** The same as numbers, for an output function of 64 bits. */
  gen64IOVMSegments(offset: Size, numSegments: number): Generated<IOVMSegment[]> {
    return this.generateRecords(offset, numSegments, 16);
  }

  /** Copies what the device reads at `offset` of the window; returns how many bytes. */
  readBytes(offset: Size, bytes: Uint8Array, length: Size = bytes.length): number {
    return currentTask().transfer(calls.commandReadBytes, bytes, this.id, offset, length, bytes.length);
  }

  /** Copies to where the device reads; returns how many bytes. */
  writeBytes(offset: Size, bytes: Uint8Array, length: Size = bytes.length): number {
    return currentTask().transfer(calls.commandWriteBytes, bytes, this.id, offset, length, bytes.length);
  }

  /** `length` bytes of the kernel's memory below 4 GiB, contiguous and always prepared; null when there are none. */
  createCopyBuffer(direction: number, length: Size): IOMemoryDescriptor {
    return objectOrNull(
      currentTask().invoke(calls.createCopyBuffer, this.id, bits(direction), length),
      IOMemoryDescriptor,
    );
  }

  private get specification() {
    return currentTask().invoke(calls.getCommandSpecification, this.id);
  }

  private descriptor(used: boolean): IOMemoryDescriptor | null {
    const id = currentTask().invoke(calls.getCommandDescriptor, this.id, used);
    return objectOrNull<IOMemoryDescriptor | null>(id, IOMemoryDescriptor);
  }

  private generate(offset: Size, numSegments: number) {
    return currentTask().invoke(calls.genIOVMSegments, this.id, offset, numSegments);
  }

  private generateRecords(offset: Size, numSegments: number, bytes: number): Generated<IOVMSegment[]> {
    const generated = this.generate(offset, numSegments);
    if (generated.result === kIOReturnSuccess && recordSize(generated.segmentFunction) !== bytes) {
      throw new TypeError(`segments of ${bytes * 4} bits: the output function of this command writes other ones`);
    }
    const segments = generated.segments.map(({ address, length }) => ({ fIOVMAddr: address, fLength: length }));
    return { ...generatedAt(offset, generated), segments };
  }
}
registerHandle('IODMACommand', IODMACommand);

/**
 * Bytes of the buffer through which calls copy between a client's memory and what stands in for it. Every such call passes one,
 * needed or not, and executions keep it: so pages of 16 KiB go in four steps rather than in one.
 */
export const roomToCopy = 4096;

function copying<A extends readonly unknown[]>(call: Call<A, number>, ...values: A): number {
  return currentTask().transfer(call, new Uint8Array(roomToCopy), ...values);
}

function generatedAt(offset: Size, { result, offset: next }: { result: IOReturn; offset: number }) {
  return { result, offset: result === kIOReturnSuccess ? next : offset };
}
