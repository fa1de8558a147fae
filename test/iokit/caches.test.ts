/**
 * Cache modes and cache maintenance where devices are not coherent (xnu-reference 3.4.6, 3.8, 3.13): what devices find in memory, and
 * what tasks find in their cache. The codes are those of a coherent machine.
 */
import * as assert from 'uvu/assert';
import {
  kIODirectionIn,
  kIODirectionInOut,
  kIODirectionOut,
  kIODirectionPrepareNonCoherent,
  kIOMapAnywhere,
  kIOMapCopybackCache,
  kIOMapCopybackInnerCache,
  kIOMapDefaultCache,
  kIOMapInhibitCache,
  kIOMapPostedCombinedReordered,
  kIOMapPostedReordered,
  kIOMapPostedWrite,
  kIOMapRealTimeCache,
  kIOMapWriteCombineCache,
  kIOMapWriteThruCache,
  kIOMemoryIncoherentIOFlush,
  kIOMemoryIncoherentIOStore,
} from '../../src/iokit/options.ts';
import { kIOReturnSuccess, kIOReturnUnderrun, kIOReturnUnsupported } from '../../src/iokit/return-codes.ts';
import { IOBufferMemoryDescriptor } from '../../src/task/iokit/io-buffer-memory-descriptor.ts';
import { IODeviceMemory } from '../../src/task/iokit/io-device-memory.ts';
import { IODMACommand } from '../../src/task/iokit/io-dma-command.ts';
import { IOMemoryDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import { IOSubMemoryDescriptor } from '../../src/task/iokit/io-sub-memory-descriptor.ts';
import { machineSuite, type Semantics, type TestMachine } from '../support/machine.ts';

const cases = machineSuite('caches');
const line = 64;
const both = ['documented', 'xnu'] as const;

function it(name: string, body: (machine: TestMachine, semantics: Semantics) => void, swap = 0): void {
  cases.case(name, body, both, { coherentDma: false, swap });
}

/** Prepared memory of the kernel's, `pages` of them, and what a device finds at its byte `offset`. */
function prepared(m: TestMachine, pages = 1, direction = kIODirectionInOut) {
  const size = pages * m.pageSize;
  const address = m.kernel.allocate(size);
  m.touch(m.kernel, address, size, true);
  m.hardware.caches!.empty();
  const md = IOMemoryDescriptor.withAddressRange(address, size, direction, m.kernel.kernelTask);
  assert.is(md.prepare(), kIOReturnSuccess);
  const physical = (offset: number): number => md.getPhysicalSegment(offset).address;
  return {
    address,
    md,
    size,
    physical,
    inMemory: (offset: number): number => m.hardware.memory.load8(physical(offset)),
  };
}

it('Store writes back what is asked for, by whole lines; Flush drops it as well (3.8)', (m) => {
  const { address, md, physical, inMemory, size } = prepared(m, 2);
  for (const offset of [0, line, 2 * line, size - 1]) m.kernel.store8(address + offset, 5);
  assert.equal([0, line, 2 * line, size - 1].map(inMemory), [0, 0, 0, 0]);
  assert.is(md.performOperation(kIOMemoryIncoherentIOStore, line + 10, 1), kIOReturnSuccess);
  assert.equal([0, line, 2 * line, size - 1].map(inMemory), [0, 5, 0, 0]);
  assert.is(md.performOperation(kIOMemoryIncoherentIOStore, line, line), kIOReturnSuccess);
  assert.equal([0, line, 2 * line].map(inMemory), [0, 5, 0]);
  assert.is(md.performOperation(kIOMemoryIncoherentIOStore, 0, size), kIOReturnSuccess);
  assert.equal([0, line, 2 * line, size - 1].map(inMemory), [5, 5, 5, 5]);
  m.hardware.memory.store8(physical(0), 9);
  assert.is(m.kernel.load8(address), 5);
  assert.is(md.performOperation(kIOMemoryIncoherentIOFlush, 0, 1), kIOReturnSuccess);
  assert.is(m.kernel.load8(address), 9);
});

it('what is refused writes nothing back, and what reaches too far does what there is', (m) => {
  const { address, md, inMemory, size } = prepared(m);
  m.kernel.store8(address, 5);
  assert.is(md.performOperation(99, 0, size), kIOReturnUnsupported);
  assert.is(md.performOperation(kIOMemoryIncoherentIOStore, size + 1, 1), kIOReturnUnderrun);
  assert.is(md.performOperation(kIOMemoryIncoherentIOStore, size, 1), kIOReturnSuccess);
  assert.is(md.performOperation(kIOMemoryIncoherentIOStore, 0, 0), kIOReturnSuccess);
  assert.is(inMemory(0), 0);
  const sub = IOSubMemoryDescriptor.withSubRange(md, 1, 10, kIODirectionInOut);
  assert.is(sub.performOperation(kIOMemoryIncoherentIOStore, 0, size), kIOReturnSuccess);
  assert.is(inMemory(0), 5);
});

it('all tasks see one cache, and so do the kernel’s own copies', (m) => {
  const { address, md, physical, inMemory } = prepared(m);
  const map = md.createMappingInTask(m.client, 0, kIOMapAnywhere)!;
  m.client.store8(map.getVirtualAddress(), 5);
  assert.equal([m.kernel.load8(address), inMemory(0)], [5, 0]);
  const bytes = new Uint8Array(1);
  assert.is(md.readBytes(0, bytes), 1);
  assert.is(bytes[0], 5);
  assert.is(md.writeBytes(1, Uint8Array.of(6)), 1);
  assert.equal([m.client.load8(map.getVirtualAddress() + 1), inMemory(1)], [6, 0]);
  assert.is(m.kernel.kernel.frames.load8(Math.floor(physical(0) / m.pageSize), 1), 6);
  assert.is(m.client.atomic.add(map.getVirtualAddress(), 1), 0x0605);
  assert.is(m.client.atomic.wait(map.getVirtualAddress(), 7), 'not-equal');
  assert.equal([m.kernel.load16(address), inMemory(0)], [0x0606, 0]);
});

it('each mode goes through the cache or past it (3.4.6)', (m) => {
  for (const [mode, reaches] of [
    [kIOMapDefaultCache, false],
    [kIOMapCopybackCache, false],
    [kIOMapCopybackInnerCache, false],
    [kIOMapWriteThruCache, true],
    [kIOMapInhibitCache, true],
    [kIOMapWriteCombineCache, true],
    [kIOMapPostedWrite, true],
    [kIOMapRealTimeCache, true],
    [kIOMapPostedReordered, true],
    [kIOMapPostedCombinedReordered, true],
  ] as const) {
    const { md, inMemory } = prepared(m);
    const map = md.createMappingInTask(m.client, 0, kIOMapAnywhere | mode)!;
    m.client.store8(map.getVirtualAddress() + 3, 5);
    assert.is(inMemory(3) === 5, reaches, `mode ${mode >>> 8}`);
    m.hardware.memory.store8(md.getPhysicalSegment(3).address, 7);
    // Only what is never kept sees at once what a device writes.
    assert.is(m.client.load8(map.getVirtualAddress() + 3) === 7, reaches && mode !== kIOMapWriteThruCache);
  }
});

it('a mode is the object’s: every map of it changes, and what was in the cache is in memory (3.4.6)', (m) => {
  const { address, md, inMemory } = prepared(m);
  const before = md.createMappingInTask(m.other, 0, kIOMapAnywhere)!;
  m.other.store8(before.getVirtualAddress(), 4);
  assert.is(inMemory(0), 0);
  md.createMappingInTask(m.client, 0, kIOMapAnywhere | kIOMapInhibitCache);
  assert.is(inMemory(0), 4);
  m.kernel.store8(address, 5);
  m.other.store8(before.getVirtualAddress() + 1, 6);
  assert.equal([inMemory(0), inMemory(1)], [5, 6]);
  // The kernel's own window follows.
  assert.is(md.writeBytes(2, Uint8Array.of(7)), 1);
  assert.is(inMemory(2), 7);
  assert.equal(m.hardware.caches!.count(), { lines: 0, dirty: 0 });
});

it('a buffer has the mode that it was made with', (m) => {
  for (const [mode, reaches] of [
    [0, false],
    [kIOMapInhibitCache, true],
    [kIOMapWriteThruCache, true],
  ] as const) {
    const buffer = IOBufferMemoryDescriptor.withOptions(kIODirectionInOut | mode, m.pageSize, 1);
    m.kernel.store8(buffer.getBytesNoCopy(), 5);
    const at = buffer.getPhysicalSegment(0).address;
    assert.is(m.hardware.memory.load8(at) === 5, reaches);
    buffer.writeBytes(1, Uint8Array.of(6));
    assert.is(m.hardware.memory.load8(at + 1) === 6, reaches);
    buffer.release();
  }
});

it('memory that belongs to nobody is a device’s, and not cached unless a map asks for it; other memory is', (m) => {
  const free = (m.hardware.frames.frames - 2) * m.pageSize;
  const { physical } = prepared(m);
  for (const [address, mode, reaches] of [
    [free, 0, true],
    [free, kIOMapCopybackCache, false],
    [physical(0), 0, false],
    [physical(0), kIOMapInhibitCache, true],
  ] as const) {
    m.hardware.caches!.empty();
    m.hardware.memory.store8(address, 0);
    const map = IODeviceMemory.withRange(address, m.pageSize).createMappingInTask(m.client, 0, kIOMapAnywhere | mode)!;
    m.client.store8(map.getVirtualAddress(), 5);
    assert.is(m.hardware.memory.load8(address) === 5, reaches);
  }
});

it('two maps of the same memory in two modes show different bytes: the descriptors do not know of each other', (m) => {
  const { address, physical, inMemory } = prepared(m);
  const alias = IOMemoryDescriptor.withPhysicalAddress(physical(0), m.pageSize, kIODirectionInOut);
  const map = alias.createMappingInTask(m.client, 0, kIOMapAnywhere | kIOMapInhibitCache)!;
  m.kernel.store8(address, 5);
  assert.equal([m.client.load8(map.getVirtualAddress()), inMemory(0)], [0, 0]);
  m.client.store8(map.getVirtualAddress(), 6);
  assert.equal([m.kernel.load8(address), inMemory(0)], [5, 6]);
});

const transfers = (mapping: number) => IODMACommand.withSpecification(IODMACommand.OutputHost64, 64, 0, mapping, 0, 1);

it('a command for a device that is not coherent stores when it is prepared and flushes when it is completed (3.13)', (m) => {
  const { address, md, physical, inMemory } = prepared(m);
  const command = transfers(IODMACommand.kNonCoherent);
  m.kernel.store8(address, 5);
  command.setMemoryDescriptor(md);
  assert.is(inMemory(0), 5);
  m.hardware.memory.store8(physical(0), 7);
  assert.is(m.kernel.load8(address), 5);
  assert.is(command.complete(), kIOReturnSuccess);
  assert.is(m.kernel.load8(address), 7);
  command.clearMemoryDescriptor();
});

it('flush false, kNoCacheStore and a coherent command store nothing; invalidateCache false drops nothing', (m) => {
  const { address, md, physical, inMemory } = prepared(m);
  for (const [mapping, flush] of [
    [IODMACommand.kMapped, true],
    [IODMACommand.kNonCoherent, false],
    [IODMACommand.kNonCoherent | IODMACommand.kNoCacheStore, true],
  ] as const) {
    const command = transfers(mapping);
    command.setMemoryDescriptor(md, false);
    m.kernel.store8(address, 5);
    assert.is(command.prepare(0, 0, flush), kIOReturnSuccess);
    assert.is(inMemory(0), 0);
    command.complete(false);
    m.hardware.memory.store8(physical(0), 7);
    assert.is(m.kernel.load8(address), 5);
    m.hardware.memory.store8(physical(0), 0);
    command.clearMemoryDescriptor();
    m.hardware.caches!.maintain(physical(0), line, 2);
  }
});

it('a command that transfers a window maintains that window', (m) => {
  const { address, md, inMemory } = prepared(m);
  m.kernel.store8(address, 5);
  m.kernel.store8(address + 4 * line, 6);
  const command = transfers(IODMACommand.kNonCoherent);
  command.setMemoryDescriptor(md, false);
  assert.is(command.prepare(4 * line, line), kIOReturnSuccess);
  assert.equal([inMemory(0), inMemory(4 * line)], [0, 6]);
  command.clearMemoryDescriptor();
});

it('with a bounce buffer it is the buffer that goes to memory and comes from there', (m, semantics) => {
  const { address, md } = prepared(m);
  m.kernel.store8(address, 5);
  const command = transfers(IODMACommand.kNonCoherent);
  command.setMemoryDescriptor(md);
  assert.is(command.synchronize(IODMACommand.kForceDoubleBuffer | kIODirectionOut), kIOReturnSuccess);
  const { segments } = command.gen64IOVMSegments(0, 1);
  const at = segments[0]!.fIOVMAddr;
  const bounced = at !== md.getPhysicalSegment(0).address;
  // In the sources a command that needs none gets none.
  assert.is(bounced, semantics === 'documented');
  if (bounced) {
    // What is in the buffer is not stored by `synchronize`: flush is for prepare and complete.
    m.hardware.caches!.maintain(at, line, 1);
    assert.is(m.hardware.memory.load8(at), 5);
    m.hardware.memory.store8(at, 7);
    assert.is(command.complete(), kIOReturnSuccess);
    assert.is(m.kernel.load8(address), 7);
  }
  command.clearMemoryDescriptor();
});

it('preparing with kIODirectionPrepareNonCoherent writes back the pages that it wires', (m) => {
  const { address, md, size, inMemory } = prepared(m, 2);
  md.complete();
  m.kernel.store8(address, 5);
  m.kernel.store8(address + size - 1, 6);
  assert.is(md.prepare(), kIOReturnSuccess);
  assert.equal([inMemory(0), inMemory(size - 1)], [0, 0]);
  md.complete();
  assert.is(md.prepare(kIODirectionIn | kIODirectionPrepareNonCoherent), kIOReturnSuccess);
  assert.equal([inMemory(0), inMemory(size - 1)], [5, 6]);
  md.complete();
});

it('new pages are zero for everybody, whatever lines of their frames were left behind', (m) => {
  const old = m.client.allocate(4 * m.pageSize);
  m.client.write(old, new Uint8Array(4 * m.pageSize).fill(9));
  m.client.deallocate(old, 4 * m.pageSize);
  const fresh = m.client.allocate(4 * m.pageSize);
  assert.equal(m.client.read(fresh, 4 * m.pageSize), new Uint8Array(4 * m.pageSize));
  const md = IOMemoryDescriptor.withAddressRange(fresh, 4 * m.pageSize, kIODirectionOut, m.client);
  md.prepare();
  for (let page = 0; page < 4; page++)
    assert.is(m.hardware.memory.load8(md.getPhysicalSegment(page * m.pageSize).address), 0);
  md.complete();
});

it(
  'what is only in the cache goes to swap with its page, and comes back',
  (m) => {
    const pages = 2 * m.hardware.frames.frames;
    const address = m.client.allocate(pages * m.pageSize);
    for (let page = 0; page < pages; page++) m.client.store32(address + page * m.pageSize + 12, page + 1);
    for (let page = 0; page < pages; page++) assert.is(m.client.load32(address + page * m.pageSize + 12), page + 1);
    assert.ok(m.inspect().swap.used > 0);
    m.client.deallocate(address, pages * m.pageSize);
  },
  2 ** 22,
);

it('the privileged interface cleans and invalidates physical memory by whole lines', (m) => {
  const { address, md, physical, inMemory } = prepared(m);
  const { cache } = m.kernel.kernel;
  m.kernel.store8(address, 5);
  cache.clean(md.getPhysicalSegment(0));
  assert.is(inMemory(0), 5);
  m.kernel.store8(address + 1, 6);
  cache.invalidate({ address: physical(0) + 32, length: 1 });
  assert.equal([m.kernel.load8(address), m.kernel.load8(address + 1)], [5, 0]);
  const end = m.hardware.memory.size;
  assert.throws(() => cache.clean({ address: end - line, length: line + 1 }), /range: expected physical memory/);
  assert.throws(() => cache.invalidate({ address: -1, length: 1 }), RangeError);
});

it('redirecting a map exchanges the modes with the contents (3.4.8)', (m) => {
  const cached = prepared(m);
  const past = prepared(m);
  past.md.createMappingInTask(m.other, 0, kIOMapAnywhere | kIOMapInhibitCache);
  const map = cached.md.createMappingInTask(m.client, 0, kIOMapAnywhere)!;
  m.client.store8(map.getVirtualAddress(), 5);
  assert.is(cached.inMemory(0), 0);
  for (const { md } of [cached, past]) md.complete();
  assert.is(map.redirect(past.md), kIOReturnSuccess);
  assert.is(m.client.load8(map.getVirtualAddress()), 0);
  m.client.store8(map.getVirtualAddress(), 6);
  const frame = m.frameOf(m.client, map.getVirtualAddress());
  assert.is(m.hardware.memory.load8(frame * m.pageSize), 6);
});

it('inspect() counts lines', (m) => {
  const { address } = prepared(m);
  m.kernel.store8(address, 5);
  m.kernel.load8(address + line);
  assert.equal(m.inspect().caches, { lines: 2, dirty: 1 });
});

cases.case('where devices are coherent there is no cache to see', (m) => {
  const address = m.kernel.allocate(m.pageSize);
  m.kernel.store8(address, 5);
  const md = IOMemoryDescriptor.withAddressRange(address, m.pageSize, kIODirectionOut, m.kernel.kernelTask);
  md.prepare();
  const { address: at } = md.getPhysicalSegment(0);
  assert.is(m.hardware.memory.load8(at), 5);
  m.kernel.kernel.cache.invalidate({ address: at, length: m.pageSize });
  assert.is(m.kernel.load8(address), 5);
  assert.is(m.inspect().caches, null);
  md.complete();
});

cases.run();
