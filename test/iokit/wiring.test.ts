/** Wiring: the cases C1 to C14 of the reference, on the rules of its section 3.1. */
import * as assert from 'uvu/assert';
import {
  kIODirectionIn,
  kIODirectionNone,
  kIODirectionOut,
  kIODirectionOutIn,
  kIODirectionPrepareNoFault,
  kIOMemoryPreparedReadOnly,
} from '../../src/iokit/options.ts';
import {
  kIOReturnCannotWire,
  kIOReturnNoMemory,
  kIOReturnNoResources,
  kIOReturnNotWritable,
  kIOReturnSuccess,
} from '../../src/iokit/return-codes.ts';
import { IOMemoryDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import { VM_PROT_READ, VM_PROT_WRITE } from '../../src/task/task.ts';
import { KERN_PROTECTION_FAILURE } from '../../src/vm/kern-return.ts';
import { machineSuite } from '../support/machine.ts';

const { case: it, run } = machineSuite('wiring');

it('C1 a write-type prepare dirties the pages at once, a read-type one never', (m) => {
  for (const [direction, dirty] of [
    [kIODirectionIn, true],
    [kIODirectionNone, true],
    [kIODirectionOut, false],
  ] as const) {
    const address = m.client.allocate(m.pageSize);
    m.touch(m.client, address, m.pageSize);
    assert.is(m.isDirty(m.client, address), false);
    const md = IOMemoryDescriptor.withAddressRange(address, m.pageSize, direction, m.client);
    assert.is(md.prepare(), kIOReturnSuccess);
    assert.is(m.isDirty(m.client, address), dirty);
    md.complete();
    assert.is(m.isDirty(m.client, address), dirty);
    md.release();
  }
});

it('C2 prepares nest, and one complete too many changes nothing', (m) => {
  const address = m.client.allocate(m.pageSize);
  m.touch(m.client, address, m.pageSize);
  const md = IOMemoryDescriptor.withAddressRange(address, m.pageSize, kIODirectionOutIn, m.client);
  for (let i = 0; i < 3; i++) assert.is(md.prepare(), kIOReturnSuccess);
  assert.is(m.wires(m.client, address), 1);
  md.complete();
  md.complete();
  assert.is(m.wires(m.client, address), 1);
  assert.equal(m.violations, []);
  md.complete();
  assert.is(m.wires(m.client, address), 0);
  assert.is(md.complete(), kIOReturnSuccess);
  assert.equal(m.violations, ['unbalanced-complete']);
  assert.is(md.prepare(), kIOReturnSuccess);
  assert.is(m.wires(m.client, address), 1);
  md.complete();
  md.release();
});

it('C3 a nested prepare may not ask for writing when the first one did not', (m) => {
  const address = m.client.allocate(m.pageSize);
  m.touch(m.client, address, m.pageSize);
  const md = IOMemoryDescriptor.withAddressRange(address, m.pageSize, kIODirectionOutIn, m.client);
  assert.is(md.prepare(kIODirectionOut), kIOReturnSuccess);
  assert.ok(md.getFlags() & kIOMemoryPreparedReadOnly);
  assert.is(md.prepare(kIODirectionIn), kIOReturnNotWritable);
  assert.is(md.prepare(), kIOReturnNotWritable);
  md.complete();
  assert.is(m.wires(m.client, address), 0);
  assert.not(md.getFlags() & kIOMemoryPreparedReadOnly);

  assert.is(md.prepare(kIODirectionIn), kIOReturnSuccess);
  assert.is(md.prepare(kIODirectionOut), kIOReturnSuccess);
  md.complete();
  assert.is(m.wires(m.client, address), 1);
  md.complete();
  assert.is(m.wires(m.client, address), 0);
  md.release();
});

it('C4 whatever may write needs memory that may be written', (m) => {
  const address = m.client.allocate(m.pageSize);
  m.client.protect(address, m.pageSize, VM_PROT_READ);
  const make = (direction: number) => IOMemoryDescriptor.withAddressRange(address, m.pageSize, direction, m.client);
  assert.is(make(kIODirectionNone).prepare(), KERN_PROTECTION_FAILURE);
  assert.is(make(kIODirectionIn).prepare(), KERN_PROTECTION_FAILURE);
  const output = make(kIODirectionOut);
  assert.is(output.prepare(), kIOReturnSuccess);
  output.complete();
  m.client.protect(address, m.pageSize, VM_PROT_READ | VM_PROT_WRITE);
  const input = make(kIODirectionIn);
  assert.is(input.prepare(), kIOReturnSuccess);
  input.complete();
});

it('C5 the direction of prepare replaces the descriptor’s', (m) => {
  const address = m.client.allocate(m.pageSize);
  const md = IOMemoryDescriptor.withAddressRange(address, m.pageSize, kIODirectionOut, m.client);
  assert.is(md.prepare(kIODirectionIn), kIOReturnSuccess);
  assert.is(md.writeBytes(1, new Uint8Array([7, 8])), 2);
  assert.is(m.client.load16(address + 1), 0x0807);
  assert.equal(m.violations, []);
  md.complete();
});

it('C6 a prepare that fails half-way leaves nothing wired', (m) => {
  const address = m.client.allocate(2 * m.pageSize);
  m.touch(m.client, address, 2 * m.pageSize);
  const hole = m.client.allocate(m.pageSize);
  m.client.deallocate(hole, m.pageSize);
  const ranges = [
    { address, length: 2 * m.pageSize },
    { address: hole, length: 16 },
  ];
  const md = IOMemoryDescriptor.withAddressRanges(ranges, kIODirectionOutIn, m.client);
  assert.is(md.prepare(), kIOReturnCannotWire);
  assert.is(m.wires(m.client, address), 0);
  assert.is(m.wires(m.client, address + m.pageSize), 0);
  assert.is(md.getPreparationID(), 0);
  assert.is(md.complete(), kIOReturnSuccess);
  assert.is(m.wires(m.client, address), 0);
});

it('C7 NoFault wires only what is resident', (m) => {
  const address = m.client.allocate(2 * m.pageSize);
  m.touch(m.client, address, m.pageSize);
  const md = IOMemoryDescriptor.withAddressRange(address, 2 * m.pageSize, kIODirectionOut, m.client);
  assert.is(md.prepare(kIODirectionPrepareNoFault), kIOReturnNoResources);
  assert.is(m.wires(m.client, address), 0);
  m.touch(m.client, address + m.pageSize, m.pageSize);
  assert.is(md.prepare(kIODirectionPrepareNoFault), kIOReturnSuccess);
  md.complete();
});

it('C8 wired frames are not reused when the task unmaps the memory', (m) => {
  const address = m.client.allocate(2 * m.pageSize);
  m.client.store32(address, 0xfeed);
  m.client.store32(address + m.pageSize, 0xbeef);
  const md = IOMemoryDescriptor.withAddressRange(address, 2 * m.pageSize, kIODirectionOut, m.client);
  md.prepare();
  const frame = m.frameOf(m.client, address);
  m.client.deallocate(address, 2 * m.pageSize);
  const rest = m.freeFrames * m.pageSize;
  const more = m.other.allocate(rest + m.pageSize);
  for (let at = 0; at < rest; at += m.pageSize) m.other.store32(more + at, -1);
  assert.throws(
    () => m.other.store8(more + rest, 1),
    (error: Error) => error.name === 'MemoryFault',
  );
  const bytes = new Uint8Array(4);
  assert.is(md.readBytes(0, bytes), 4);
  assert.equal([...bytes], [0xed, 0xfe, 0, 0]);
  md.readBytes(m.pageSize, bytes);
  assert.equal([...bytes], [0xef, 0xbe, 0, 0]);
  assert.is(m.freeFrames, 0);
  md.complete();
  assert.is(m.freeFrames, 2);
  m.other.store8(more + rest, 1);
  assert.ok([frame, frame + 1].includes(m.frameOf(m.other, more + rest)));
  assert.is(m.other.load32(more + rest), 1);
});

it('C8 wired frames outlive the task itself', (m) => {
  const before = m.freeFrames;
  const address = m.client.allocate(m.pageSize);
  m.client.store32(address, 77);
  const md = IOMemoryDescriptor.withAddressRange(address, m.pageSize, kIODirectionOut, m.client);
  md.prepare();
  m.kill(m.client);
  const bytes = new Uint8Array(1);
  assert.is(md.readBytes(0, bytes), 1);
  assert.is(bytes[0], 77);
  md.complete();
  assert.is(m.freeFrames, before);
  assert.is(md.prepare(), kIOReturnCannotWire);
});

it('C9 two descriptors wire a page independently', (m) => {
  const address = m.client.allocate(m.pageSize);
  m.touch(m.client, address, m.pageSize);
  const first = IOMemoryDescriptor.withAddressRange(address, 16, kIODirectionOut, m.client);
  const second = IOMemoryDescriptor.withAddressRange(address + 16, 16, kIODirectionIn, m.client);
  first.prepare();
  second.prepare();
  assert.is(m.wires(m.client, address), 2);
  first.complete();
  assert.is(m.wires(m.client, address), 1);
  second.complete();
  assert.is(m.wires(m.client, address), 0);
});

it('C10 physical memory is always wired', (m) => {
  const md = IOMemoryDescriptor.withPhysicalAddress(3 * m.pageSize + 8, 64, kIODirectionOutIn);
  const segment = { address: 3 * m.pageSize + 8, length: 64 };
  assert.is(md.complete(), kIOReturnSuccess);
  assert.equal(md.getPhysicalSegment(0), segment);
  assert.is(md.prepare(kIODirectionIn), kIOReturnSuccess);
  assert.is(md.prepare(), kIOReturnSuccess);
  assert.is(md.complete(), kIOReturnSuccess);
  assert.equal(md.getPhysicalSegment(0), segment);
  assert.equal(m.violations, []);
});

it('C13 a descriptor that goes completes what was prepared', (m) => {
  const address = m.client.allocate(m.pageSize);
  m.touch(m.client, address, m.pageSize);
  const md = IOMemoryDescriptor.withAddressRange(address, m.pageSize, kIODirectionOut, m.client);
  for (let i = 0; i < 3; i++) md.prepare();
  assert.is(m.wires(m.client, address), 1);
  md.release();
  assert.is(m.wires(m.client, address), 0);
});

it('C14 a preparation id lasts from wiring to the last complete', (m) => {
  const address = m.client.allocate(m.pageSize);
  const md = IOMemoryDescriptor.withAddressRange(address, m.pageSize, kIODirectionOut, m.client);
  assert.is(md.getPreparationID(), 0);
  md.prepare();
  const first = md.getPreparationID();
  assert.ok(first >= 2 ** 32);
  md.prepare();
  assert.is(md.getPreparationID(), first);
  md.complete();
  assert.is(md.getPreparationID(), first);
  md.complete();
  assert.is(md.getPreparationID(), 0);
  md.prepare();
  assert.ok(md.getPreparationID() >= 2 ** 32 && md.getPreparationID() !== first);
  md.complete();
  const physical = IOMemoryDescriptor.withPhysicalAddress(m.pageSize, 16, kIODirectionOut);
  const id = physical.getPreparationID();
  assert.ok(id >= 2 ** 32);
  physical.prepare();
  assert.is(physical.getPreparationID(), id);
  physical.complete();
  assert.is(physical.getPreparationID(), id);
});

it('prepare answers NoMemory, and wires nothing, when memory is used up', (m) => {
  const pages = m.freeFrames + 1;
  const address = m.client.allocate(pages * m.pageSize);
  const md = IOMemoryDescriptor.withAddressRange(address, (pages - 1) * m.pageSize, kIODirectionIn, m.client);
  m.touch(m.client, address + (pages - 1) * m.pageSize, m.pageSize);
  assert.is(md.prepare(), kIOReturnNoMemory);
  for (let frame = 1; frame < m.hardware.frames.frames; frame++) assert.is(m.hardware.frames.wires(frame), 0);
});

it('withAddress prepares at once in the sources, and not by the page', (m, semantics) => {
  const address = m.kernel.allocate(m.pageSize);
  m.touch(m.kernel, address, m.pageSize);
  const md = IOMemoryDescriptor.withAddress(address, m.pageSize, kIODirectionOut);
  assert.is(m.wires(m.kernel, address), semantics === 'xnu' ? 1 : 0);
  md.release();
  assert.is(m.wires(m.kernel, address), 0);
  const hole = IOMemoryDescriptor.withAddress(address + m.pageSize, m.pageSize, kIODirectionOut);
  if (semantics === 'xnu') assert.is(hole, null);
  else assert.is(hole.prepare(), kIOReturnCannotWire);
});

it('memory can be wired through a mapping of physical memory', (m) => {
  const source = m.other.allocate(m.pageSize);
  m.other.store8(source, 9);
  const physical = m.frameOf(m.other, source) * m.pageSize;
  const device = IOMemoryDescriptor.withPhysicalAddress(physical, m.pageSize, kIODirectionOutIn);
  const map = device.map();
  const md = IOMemoryDescriptor.withAddressRange(map.getVirtualAddress(), m.pageSize, kIODirectionOut, m.kernel);
  assert.is(md.prepare(), kIOReturnSuccess);
  assert.is(md.getPhysicalAddress(), physical);
  assert.is(m.wires(m.other, source), 0);
  md.complete();
  for (const object of [md, map, device]) object.release();
});

run();
