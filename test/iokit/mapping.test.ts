/** Mapping and sharing: the cases C40 to C53 of the reference, on the rules of its section 3.4. */
import * as assert from 'uvu/assert';
import {
  kIODirectionIn,
  kIODirectionOut,
  kIODirectionOutIn,
  kIOMapAnywhere,
  kIOMapCacheMask,
  kIOMapCopybackCache,
  kIOMapDefaultCache,
  kIOMapGuardedLarge,
  kIOMapGuardedSmall,
  kIOMapInhibitCache,
  kIOMapOverwrite,
  kIOMapPrefault,
  kIOMapReadOnly,
  kIOMapReference,
  kIOMapStatic,
  kIOMapUnique,
  kIOMapWriteCombineCache,
  kIOMapWriteThruCache,
} from '../../src/iokit/options.ts';
import { kIOReturnSuccess } from '../../src/iokit/return-codes.ts';
import { IOMemoryDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import { IOSubMemoryDescriptor } from '../../src/task/iokit/io-sub-memory-descriptor.ts';
import { VM_PROT_READ } from '../../src/task/task.ts';
import { KERN_INVALID_RIGHT } from '../../src/vm/kern-return.ts';
import { machineSuite, type TestMachine } from '../support/machine.ts';

const { case: it, run } = machineSuite('mapping');
const isFault = (error: Error) => error.name === 'MemoryFault';

/** A descriptor of four pages of `other`, to be mapped into `client`. */
function fourPages(m: TestMachine, direction = kIODirectionOutIn) {
  const address = m.other.allocate(4 * m.pageSize);
  for (let page = 0; page < 4; page++) m.other.store32(address + page * m.pageSize, 0x100 + page);
  return { address, md: IOMemoryDescriptor.withAddressRange(address, 4 * m.pageSize, direction, m.other) };
}

it('C40 the same request gets the same map, which goes with its last holder', (m) => {
  const { md } = fourPages(m);
  const references = md.getRetainCount();
  const first = md.createMappingInTask(m.client, 0, kIOMapAnywhere);
  const second = md.createMappingInTask(m.client, 0, kIOMapAnywhere);
  assert.is(second.id, first.id);
  const at = first.getVirtualAddress();
  assert.is(m.client.load32(at), 0x100);
  first.release();
  assert.is(m.client.load32(at + m.pageSize), 0x101);
  second.release();
  assert.throws(() => m.client.load32(at), isFault);
  assert.is(md.getRetainCount(), references);
});

it('C41 a part of a mapped range is a view that keeps the whole alive', (m) => {
  const { md } = fourPages(m);
  const whole = md.createMappingInTask(m.client, 0, kIOMapAnywhere);
  const at = whole.getVirtualAddress();
  const part = md.createMappingInTask(m.client, 0, kIOMapAnywhere, m.pageSize, m.pageSize);
  assert.is.not(part.id, whole.id);
  assert.is(part.getVirtualAddress(), at + m.pageSize);
  assert.is(part.getLength(), m.pageSize);
  whole.release();
  assert.is(m.client.load32(at + m.pageSize), 0x101);
  assert.is(m.client.load32(at), 0x100);
  part.release();
  assert.throws(() => m.client.load32(at + m.pageSize), isFault);
});

it('C41 a request that reaches beyond a map does not share it', (m) => {
  const { md } = fourPages(m);
  const { pageSize } = m;
  const middle = md.createMappingInTask(m.client, 0, kIOMapAnywhere, pageSize, 2 * pageSize);
  for (const [offset, pages] of [
    [0, 2],
    [pageSize, 3],
    [2 * pageSize, 2],
  ] as const) {
    const other = md.createMappingInTask(m.client, 0, kIOMapAnywhere, offset, pages * pageSize);
    assert.is(m.client.load32(other.getVirtualAddress()), 0x100 + offset / pageSize);
    assert.is.not(other.getVirtualAddress(), middle.getVirtualAddress() + (offset - pageSize));
    other.release();
  }
  assert.is(m.client.load32(middle.getVirtualAddress()), 0x101);
  middle.release();
});

it('C42 a map that differs in rights, guards or cache is another one', (m) => {
  const { md } = fourPages(m);
  const plain = md.createMappingInTask(m.client, 0, kIOMapAnywhere);
  for (const option of [kIOMapReadOnly, kIOMapGuardedSmall, kIOMapCopybackCache]) {
    const other = md.createMappingInTask(m.client, 0, kIOMapAnywhere | option);
    assert.is.not(other.getVirtualAddress(), plain.getVirtualAddress());
    m.client.store32(plain.getVirtualAddress(), option >>> 0);
    assert.is(m.client.load32(other.getVirtualAddress()), option >>> 0);
    other.release();
  }
  plain.release();
});

it('C43 a request for the default cache shares whatever there is', (m) => {
  const { md } = fourPages(m);
  const combined = md.createMappingInTask(m.client, 0, kIOMapAnywhere | kIOMapWriteCombineCache);
  const plain = md.createMappingInTask(m.client, 0, kIOMapAnywhere);
  assert.is(plain.id, combined.id);
  assert.is(plain.getMapOptions(), kIOMapAnywhere | kIOMapWriteCombineCache);
  plain.release();
  combined.release();
});

it('C44 Reference finds a map and makes none', (m) => {
  const { md } = fourPages(m);
  const entries = m.spaceOf(m.client).entries.count;
  assert.is(md.createMappingInTask(m.client, 0, kIOMapAnywhere | kIOMapReference), null);
  assert.is(m.spaceOf(m.client).entries.count, entries);
  const map = md.createMappingInTask(m.client, 0, kIOMapAnywhere);
  const count = map.getRetainCount();
  const again = md.createMappingInTask(m.client, 0, kIOMapAnywhere | kIOMapReference);
  assert.is(again.id, map.id);
  assert.is(map.getRetainCount(), count + 1);
  assert.is(md.createMappingInTask(m.kernel, 0, kIOMapAnywhere | kIOMapReference), null);
  again.release();
  map.release();
});

it('C45 Unique maps are never shared; in the sources a plain request shares one', (m, semantics) => {
  const { md } = fourPages(m);
  const first = md.createMappingInTask(m.client, 0, kIOMapAnywhere | kIOMapUnique);
  const second = md.createMappingInTask(m.client, 0, kIOMapAnywhere | kIOMapUnique);
  assert.is.not(second.getVirtualAddress(), first.getVirtualAddress());
  const plain = md.createMappingInTask(m.client, 0, kIOMapAnywhere);
  assert.is(plain.id === first.id, semantics === 'xnu');
  assert.is.not(plain.id, second.id);
  for (const map of [plain, second, first]) map.release();
});

it('C45 a Unique map of physical memory belongs to a descriptor of its own', (m) => {
  const ranges = [
    { address: 8 * m.pageSize, length: m.pageSize },
    { address: 12 * m.pageSize, length: m.pageSize },
  ];
  const md = IOMemoryDescriptor.withAddressRanges(ranges, kIODirectionOutIn, null);
  assert.is(md.createMappingInTask(m.client, 0, kIOMapAnywhere | kIOMapUnique), null);
  const map = md.createMappingInTask(m.client, 0, kIOMapAnywhere | kIOMapUnique, m.pageSize, m.pageSize);
  const hidden = map.getMemoryDescriptor();
  assert.is.not(hidden.id, md.id);
  assert.equal(hidden.getPhysicalSegment(0), { address: 12 * m.pageSize, length: m.pageSize });
  m.client.store8(map.getVirtualAddress(), 42);
  assert.is(m.hardware.memory.load8(12 * m.pageSize), 42);
  map.release();
});

it('C46 a placed map goes where it is asked for, over other memory only with Overwrite', (m) => {
  const { md } = fourPages(m);
  const at = 64 * m.pageSize;
  const map = md.createMappingInTask(m.client, at, 0);
  assert.is(map.getVirtualAddress(), at);
  assert.is(m.client.load32(at), 0x100);
  map.release();

  const own = m.client.allocate(4 * m.pageSize, { address: at });
  m.client.store32(own, 7);
  assert.is(md.createMappingInTask(m.client, at, 0), null);
  assert.is(m.client.load32(at), 7);
  const over = md.createMappingInTask(m.client, at, kIOMapOverwrite);
  assert.is(m.client.load32(at), 0x100);
  over.unmap();
  assert.is(over.getVirtualAddress(), 0);
  assert.is(m.client.load32(at + m.pageSize), 0x101);
  over.release();
  assert.is(m.client.load32(at), 0x100);
  assert.is(md.createMappingInTask(m.client, 0, 0), null);
  assert.is(md.createMappingInTask(m.client, 2 ** 47 - m.pageSize, kIOMapOverwrite), null);
  assert.is(md.createMappingInTask(m.client, 0, kIOMapAnywhere | kIOMapOverwrite), null);
});

it('C47 guards need Anywhere, and nothing may touch them', (m) => {
  const { md } = fourPages(m);
  assert.is(md.createMappingInTask(m.client, 64 * m.pageSize, kIOMapGuardedSmall), null);
  for (const [option, guard] of [
    [kIOMapGuardedSmall, m.pageSize],
    [kIOMapGuardedLarge, 65536],
  ] as const) {
    const map = md.createMappingInTask(m.client, 0, kIOMapAnywhere | option);
    const start = map.getVirtualAddress();
    const end = start + 4 * m.pageSize;
    assert.is(m.client.load32(start), 0x100);
    for (const at of [start - 1, start - guard, end, end + guard - 1]) assert.throws(() => m.client.load8(at), isFault);
    const taken = m.spaceOf(m.client);
    assert.not(taken.isFree(start - guard, start));
    assert.not(taken.isFree(end + guard - 1, end + guard));
    map.release();
    assert.ok(taken.isFree(start - guard, end + guard));
  }
});

it('C48 a map lies within its descriptor', (m) => {
  const { md } = fourPages(m);
  const total = 4 * m.pageSize;
  const attempt = (offset: number | bigint, length: number | bigint) =>
    md.createMappingInTask(m.client, 0, kIOMapAnywhere, offset, length);
  assert.is(attempt(m.pageSize, 0), null);
  assert.is(attempt(total, 0), null);
  assert.is(attempt(total, 1), null);
  assert.is(attempt(m.pageSize, total), null);
  assert.is(attempt(2n ** 64n - 1n, 2), null);
  const sub = IOSubMemoryDescriptor.withSubRange(md, m.pageSize, m.pageSize, kIODirectionOut);
  assert.is(sub.createMappingInTask(m.client, 0, kIOMapAnywhere, 1, m.pageSize), null);
});

it('C49 a task’s own range is where it is already', (m, semantics) => {
  const address = m.kernel.allocate(2 * m.pageSize);
  m.kernel.store32(address, 3);
  const md = IOMemoryDescriptor.withAddressRange(address, 2 * m.pageSize, kIODirectionOutIn, m.kernel);
  const map = md.map();
  assert.is(map.getVirtualAddress(), address);
  assert.ok(map.getMapOptions() & kIOMapStatic);
  map.release();
  assert.is(m.kernel.load32(address), 3);
  for (const option of [kIOMapUnique, kIOMapGuardedSmall]) {
    const real = md.map(option);
    assert.is.not(real.getVirtualAddress(), address);
    assert.is(m.kernel.load32(real.getVirtualAddress()), 3);
    real.release();
  }
  const readOnly = md.map(kIOMapReadOnly);
  if (semantics === 'xnu') {
    assert.is(readOnly.getVirtualAddress(), address);
    m.kernel.store32(readOnly.getVirtualAddress(), 4);
  } else {
    assert.is(m.kernel.load32(readOnly.getVirtualAddress()), 3);
    assert.throws(() => m.kernel.store32(readOnly.getVirtualAddress(), 4), isFault);
  }
  readOnly.release();
});

it('C50 a read-only map can be read only; others are not affected', (m) => {
  const { md } = fourPages(m);
  const writable = md.createMappingInTask(m.client, 0, kIOMapAnywhere);
  const readOnly = md.createMappingInTask(m.client, 0, kIOMapAnywhere | kIOMapReadOnly);
  assert.is(m.client.load32(readOnly.getVirtualAddress()), 0x100);
  assert.throws(() => m.client.store32(readOnly.getVirtualAddress(), 1), isFault);
  assert.throws(() => m.client.protect(readOnly.getVirtualAddress(), m.pageSize, 3), /RangeError|protected/);
  m.client.store32(writable.getVirtualAddress(), 1);
  assert.is(m.client.load32(readOnly.getVirtualAddress()), 1);
  writable.release();
  readOnly.release();
});

it('C51 after a read-only first map of an Out descriptor', (m, semantics) => {
  const { md } = fourPages(m, kIODirectionOut);
  const readOnly = md.createMappingInTask(m.client, 0, kIOMapAnywhere | kIOMapReadOnly);
  const later = md.createMappingInTask(m.client, 0, kIOMapAnywhere);
  if (semantics === 'xnu') {
    assert.throws(() => m.client.store32(later.getVirtualAddress(), 5), isFault);
    assert.is(md.prepare(kIODirectionIn), KERN_INVALID_RIGHT);
  } else {
    m.client.store32(later.getVirtualAddress(), 5);
    assert.is(md.prepare(kIODirectionIn), kIOReturnSuccess);
    md.complete();
  }
  readOnly.release();
  later.release();

  const address = m.other.allocate(m.pageSize);
  m.other.protect(address, m.pageSize, VM_PROT_READ);
  const source = IOMemoryDescriptor.withAddressRange(address, 16, kIODirectionOut, m.other);
  const first = source.map(kIOMapReadOnly);
  const second = source.map();
  if (second !== null) {
    assert.is(semantics, 'xnu');
    assert.throws(() => m.kernel.store8(second.getVirtualAddress(), 1), isFault);
    second.release();
  }
  assert.is(source.prepare(kIODirectionIn), KERN_INVALID_RIGHT);
  first.release();
});

it('C52 memory that is read-only at its source', (m) => {
  const address = m.other.allocate(m.pageSize);
  m.other.protect(address, m.pageSize, VM_PROT_READ);
  assert.is(IOMemoryDescriptor.withAddressRange(address, 16, kIODirectionIn, m.other).map(), null);
  assert.is(IOMemoryDescriptor.withAddressRange(address, 16, kIODirectionOut, m.other).map(), null);
  const map = IOMemoryDescriptor.withAddressRange(address, 16, kIODirectionOut, m.other).map(kIOMapReadOnly);
  assert.is(m.kernel.load8(map.getVirtualAddress()), 0);
  map.release();
});

it('C53 the offset in the page is kept', (m) => {
  const address = m.other.allocate(3 * m.pageSize) + 0x123;
  m.other.store8(address, 0x5a);
  m.other.store8(address + m.pageSize, 0x5b);
  const md = IOMemoryDescriptor.withAddressRange(address, 2 * m.pageSize, kIODirectionOutIn, m.other);
  const map = md.createMappingInTask(m.client, 0, kIOMapAnywhere);
  assert.is(map.getVirtualAddress() % m.pageSize, 0x123);
  assert.is(m.client.load8(map.getVirtualAddress()), 0x5a);
  const placed = md.createMappingInTask(m.client, 100 * m.pageSize + 7, 0, m.pageSize, 10);
  assert.is(placed.getVirtualAddress(), 100 * m.pageSize + 0x123);
  assert.is(m.client.load8(placed.getVirtualAddress()), 0x5b);
  map.release();
  placed.release();
});

it('several ranges are mapped one after the other', (m) => {
  const first = m.other.allocate(m.pageSize);
  const gap = m.other.allocate(m.pageSize);
  const second = m.other.allocate(2 * m.pageSize);
  m.other.deallocate(gap, m.pageSize);
  m.other.store8(first + m.pageSize - 1, 1);
  m.other.store16(second + m.pageSize - 1, 0x0302);
  const ranges = [
    { address: first, length: m.pageSize },
    { address: second, length: 2 * m.pageSize },
  ];
  const map = IOMemoryDescriptor.withAddressRanges(ranges, kIODirectionOutIn, m.other).map();
  const at = map.getVirtualAddress();
  assert.is(m.kernel.load8(at + m.pageSize - 1), 1);
  assert.is(m.kernel.load16(at + 2 * m.pageSize - 1), 0x0302);
  map.release();
});

it('Prefault needs a prepared descriptor, and enters every translation', (m) => {
  const { md } = fourPages(m);
  assert.is(md.createMappingInTask(m.client, 0, kIOMapAnywhere | kIOMapPrefault), null);
  md.prepare();
  const lazy = md.createMappingInTask(m.client, 0, kIOMapAnywhere | kIOMapUnique);
  assert.is(m.frameOf(m.client, lazy.getVirtualAddress()), 0);
  const map = md.createMappingInTask(m.client, 0, kIOMapAnywhere | kIOMapPrefault | kIOMapUnique);
  for (let page = 0; page < 4; page++)
    assert.is.not(m.frameOf(m.client, map.getVirtualAddress() + page * m.pageSize), 0);
  map.release();
  lazy.release();
  md.complete();
});

it('a placed request is shared where the address fits', (m, semantics) => {
  const { md } = fourPages(m);
  const map = md.createMappingInTask(m.client, 64 * m.pageSize, 0);
  const at = map.getVirtualAddress();
  const part = md.createMappingInTask(m.client, at + m.pageSize, 0, m.pageSize, m.pageSize);
  // The sources compare where the maps begin, so this request finds nothing to share and no room.
  if (semantics === 'xnu') assert.is(part, null);
  else assert.is(part.getVirtualAddress(), at + m.pageSize);
  part?.release();
  map.release();
});

it('a request without a cache mode takes any map; another mode is a map of its own', (m) => {
  const { md } = fourPages(m);
  const ask = (mode: number) => md.createMappingInTask(m.client, 0, kIOMapAnywhere | mode);
  const modes = [kIOMapInhibitCache, kIOMapWriteThruCache, kIOMapCopybackCache, kIOMapWriteCombineCache];
  const maps = modes.map(ask);
  assert.is(new Set(maps.map((map) => map.id)).size, modes.length);
  for (const [i, map] of maps.entries()) {
    assert.is(map.getMapOptions() & kIOMapCacheMask, modes[i]);
    assert.is(m.client.load32(map.getVirtualAddress()), 0x100);
    const same = ask(modes[i]!);
    assert.is(same.id, map.id);
    same.release();
  }
  const any = ask(kIOMapDefaultCache);
  assert.ok(maps.some((map) => map.id === any.id));
  any.release();
  for (const map of maps) map.release();
});

it('a map that cannot be placed does not tie the descriptor to the memory of that moment', (m) => {
  const address = m.client.allocate(m.pageSize);
  m.client.store8(address, 1);
  const md = IOMemoryDescriptor.withAddressRange(address, m.pageSize, kIODirectionOutIn, m.client);
  const taken = m.other.allocate(m.pageSize);
  assert.is(md.createMappingInTask(m.other, taken, 0), null);
  m.client.deallocate(address, m.pageSize);
  m.client.allocate(m.pageSize, { address });
  m.client.store8(address, 2);
  const map = md.createMappingInTask(m.other, 0, kIOMapAnywhere);
  assert.is(m.other.load8(map.getVirtualAddress()), 2);
  map.release();
  md.release();
});

run();
