/** Descriptors that fail in one way or another: of memory that is not there, may not be written, or is elsewhere. */
import { kIODirectionOutIn, kIOMemoryRemote } from '../../src/iokit/options.ts';
import { IOInterleavedMemoryDescriptor } from '../../src/task/iokit/io-interleaved-memory-descriptor.ts';
import { IOMemoryDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import { IOMultiMemoryDescriptor } from '../../src/task/iokit/io-multi-memory-descriptor.ts';
import { IOSubMemoryDescriptor } from '../../src/task/iokit/io-sub-memory-descriptor.ts';
import { VM_PROT_READ } from '../../src/task/task.ts';
import type { TestMachine } from './machine.ts';

/** Nothing is mapped there. */
export const hole = 2 ** 33;

export const describe = (m: TestMachine, address: number, length: number, options = kIODirectionOutIn) =>
  IOMemoryDescriptor.withAddressRange(address, length, options, m.client);

/** A descriptor of that many pages of the client's, all resident. */
export function resident(m: TestMachine, pages: number, options = kIODirectionOutIn): IOMemoryDescriptor {
  const address = m.client.allocate(pages * m.pageSize);
  m.touch(m.client, address, pages * m.pageSize, true);
  return describe(m, address, pages * m.pageSize, options);
}

export function readOnly(m: TestMachine, options: number): IOMemoryDescriptor {
  const address = m.client.allocate(m.pageSize);
  m.touch(m.client, address, 1);
  m.client.protect(address, m.pageSize, VM_PROT_READ);
  return describe(m, address, m.pageSize, options);
}

/** Memory of another machine. */
export const remote = (m: TestMachine) => resident(m, 1, kIODirectionOutIn | kIOMemoryRemote);
export const unmapped = (m: TestMachine) => describe(m, hole, m.pageSize);
export const interleavedOf = (...parts: IOMemoryDescriptor[]): IOInterleavedMemoryDescriptor => {
  const made = IOInterleavedMemoryDescriptor.withCapacity(parts.length, kIODirectionOutIn);
  for (const part of parts) made.setMemoryDescriptor(part, 0, part.getLength());
  return made;
};
export const multiOf = (...parts: IOMemoryDescriptor[]) =>
  IOMultiMemoryDescriptor.withDescriptors(parts, kIODirectionOutIn);
export const partOf = (whole: IOMemoryDescriptor) =>
  IOSubMemoryDescriptor.withSubRange(whole, 0, 16, kIODirectionOutIn);

/** Uses up memory, but for `left` frames. */
export function fill(m: TestMachine, left = 0): void {
  const address = m.other.allocate(m.freeFrames * m.pageSize);
  while (m.freeFrames > left) m.other.store8(address + m.freeFrames * m.pageSize - 1, 1);
}
