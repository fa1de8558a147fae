/** Memory laid out as a test of DMA needs it, and a device that reaches it through the IOMMU. */
import * as assert from 'uvu/assert';
import { iommuReason } from '../../src/hardware/iommu.ts';
import { accessRead, accessWrite } from '../../src/hardware/translation-cache.ts';
import { kIODirectionOutIn } from '../../src/iokit/options.ts';
import { kIOReturnSuccess } from '../../src/iokit/return-codes.ts';
import { IOMemoryDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import type { TestMachine } from './machine.ts';

/** Allocates pages of the client whose frames come in the order `order` (0 first); returns their address. */
export function layOut(m: TestMachine, order: readonly number[]): number {
  const address = m.client.allocate(order.length * m.pageSize);
  // A machine hands fresh frames out ascending.
  for (const page of order.map((_, page) => page).sort((a, b) => order[a]! - order[b]!))
    m.touch(m.client, address + page * m.pageSize, 1);
  return address;
}

/** Pages with adjacent frames. */
export const contiguous = (m: TestMachine, pages: number): number => layOut(m, [...Array(pages).keys()]);

/** Pages none of which has the frame that follows its predecessor's: they descend. */
export const scattered = (m: TestMachine, pages: number): number => layOut(m, [...Array(pages).keys()].reverse());

/** A prepared descriptor of the client's memory. */
export function prepared(m: TestMachine, address: number, length: number, direction = kIODirectionOutIn) {
  const md = IOMemoryDescriptor.withAddressRange(address, length, direction, m.client);
  assert.is(md.prepare(), kIOReturnSuccess);
  return md;
}

/** Physical address of the client's `address`. */
export const physical = (m: TestMachine, address: number): number =>
  m.frameOf(m.client, address) * m.pageSize + (address % m.pageSize);

/** A byte as a device reads it at a device address; a refusal in words. */
export function deviceLoad(m: TestMachine, address: number): number | string {
  const at = m.hardware.iommu === null ? address : m.hardware.iommu.translate(address, accessRead);
  return at < 0 ? iommuReason(at) : m.hardware.memory.load8(at);
}

/** Writes a byte as a device does; returns the refusal in words, or null. */
export function deviceStore(m: TestMachine, address: number, value: number): string | null {
  const at = m.hardware.iommu === null ? address : m.hardware.iommu.translate(address, accessWrite);
  if (at < 0) return iommuReason(at);
  m.hardware.memory.store8(at, value);
  return null;
}
