/** Descriptors made of others: the cases C62, C83 and C110 to C114 of the reference, on its sections 1.4 to 1.8. */
import * as assert from 'uvu/assert';
import {
  kIODirectionIn,
  kIODirectionNone,
  kIODirectionOut,
  kIODirectionOutIn,
  kIOMapAnywhere,
  kIOMapPrefault,
  kIOMapReadOnly,
  kIOMapUnique,
  kIOMemoryAsReference,
  kIOMemoryIncoherentIOFlush,
  kIOMemoryMapperNone,
  kIOMemoryPageable,
  kIOMemoryThreadSafe,
} from '../../src/iokit/options.ts';
import { setAllPurgeable } from '../../src/iokit/purgeable-memory.ts';
import {
  kIOReturnBadArgument,
  kIOReturnCannotWire,
  kIOReturnInternalError,
  kIOReturnNotReady,
  kIOReturnNotWritable,
  kIOReturnSuccess,
} from '../../src/iokit/return-codes.ts';
import { IOBufferMemoryDescriptor } from '../../src/task/iokit/io-buffer-memory-descriptor.ts';
import { IODeviceMemory } from '../../src/task/iokit/io-device-memory.ts';
import { IOGuardPageMemoryDescriptor } from '../../src/task/iokit/io-guard-page-memory-descriptor.ts';
import { IOInterleavedMemoryDescriptor } from '../../src/task/iokit/io-interleaved-memory-descriptor.ts';
import { IOMemoryDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import { IOMultiMemoryDescriptor } from '../../src/task/iokit/io-multi-memory-descriptor.ts';
import { IOSubMemoryDescriptor } from '../../src/task/iokit/io-sub-memory-descriptor.ts';
import { machineSuite, type TestMachine } from '../support/machine.ts';

const { case: it, run } = machineSuite('composite descriptors');
const isFault = (error: Error) => error.name === 'MemoryFault';
const noSegment = { address: 0, length: 0 };

/** `length` bytes of `other` from `inPage` of a page on; every page of them touched, so that nothing else is allocated between. */
function range(m: TestMachine, length: number, inPage = 0, direction = kIODirectionOutIn) {
  const address = m.other.allocate(inPage + length) + inPage;
  m.touch(m.other, address, length, true);
  return { address, md: IOMemoryDescriptor.withAddressRange(address, length, direction, m.other) };
}

const unmapped = (m: TestMachine, length: number) =>
  IOMemoryDescriptor.withAddressRange(2 ** 40, length, kIODirectionOut, m.other);

it('C111 a part prepares its whole parent, and either completes it', (m) => {
  const { md, address } = range(m, 4 * m.pageSize);
  const sub = IOSubMemoryDescriptor.withSubRange(md, m.pageSize, m.pageSize, kIODirectionOut);
  assert.is(sub.prepare(), kIOReturnSuccess);
  for (let page = 0; page < 4; page++) assert.is(m.wires(m.other, address + page * m.pageSize), 1);
  assert.equal(sub.getPhysicalSegment(0).address, md.getPhysicalSegment(m.pageSize).address);
  assert.is(sub.getPhysicalSegment(8).length, m.pageSize - 8);
  assert.equal(sub.getPhysicalSegment(m.pageSize), noSegment);
  assert.is(md.complete(), kIOReturnSuccess);
  for (let page = 0; page < 4; page++) assert.is(m.wires(m.other, address + page * m.pageSize), 0);
  assert.is(sub.complete(), kIOReturnSuccess);
  assert.equal(m.violations, ['unbalanced-complete']);
});

it('a part can be made another one', (m, semantics) => {
  const one = range(m, m.pageSize);
  const two = range(m, 2 * m.pageSize);
  two.md.setTag(4);
  const sub = IOSubMemoryDescriptor.withSubRange(one.md, 8, 8, kIODirectionOut);
  const references = [one.md.getRetainCount(), two.md.getRetainCount()];
  assert.is(sub.initSubRange(two.md, m.pageSize, m.pageSize + 1, kIODirectionIn), false);
  assert.is(sub.initSubRange(sub, 0, 1, kIODirectionIn), false);
  assert.equal([sub.getLength(), sub.getDirection(), sub.getTag()], [8, kIODirectionOut, 0]);
  assert.is(sub.initSubRange(two.md, m.pageSize, 16, kIODirectionIn), true);
  assert.equal([sub.getLength(), sub.getDirection(), sub.getTag()], [16, kIODirectionIn, 4]);
  assert.equal([one.md.getRetainCount(), two.md.getRetainCount()], [references[0]! - 1, references[1]! + 1]);
  two.md.prepare();
  assert.is(sub.getPhysicalAddress(), two.md.getPhysicalSegment(m.pageSize).address);
  two.md.complete();
  const wrapping = sub.initSubRange(two.md, 2n ** 64n - 4096n, 4096, kIODirectionIn);
  assert.is(wrapping, semantics === 'xnu');
});

it('a part has an id of its own, renewed with its parent’s; it is thread-safe whatever that is', (m) => {
  const { md } = range(m, 2 * m.pageSize);
  const sub = IOSubMemoryDescriptor.withSubRange(md, 0, m.pageSize, kIODirectionOut);
  assert.is(sub.getPreparationID(), 0);
  md.prepare();
  const first = sub.getPreparationID();
  assert.ok(first >= 2 ** 32 && first !== md.getPreparationID());
  assert.is(sub.getPreparationID(), first);
  md.complete();
  assert.is(sub.getPreparationID(), 0);
  md.prepare();
  assert.is.not(sub.getPreparationID(), first);
  md.complete();
  assert.is(sub.getFlags(), kIODirectionOut | kIOMemoryThreadSafe);
});

it('C85 a part counts its parent’s pages', (m) => {
  const { md } = range(m, 3 * m.pageSize);
  const sub = IOSubMemoryDescriptor.withSubRange(md, 0, m.pageSize, kIODirectionOut);
  assert.is(sub.getPageCounts().result, kIOReturnNotReady);
  const map = md.map();
  assert.equal(sub.getPageCounts(), { result: kIOReturnSuccess, residentPageCount: 3, dirtyPageCount: 3 });
  map.release();
});

it('a mapping that is registered with a part is one of the parent’s start', (m) => {
  const { md } = range(m, 4 * m.pageSize);
  const sub = IOSubMemoryDescriptor.withSubRange(md, m.pageSize, m.pageSize, kIODirectionOut);
  const at = m.client.allocate(m.pageSize);
  const map = sub.setMapping(m.client, at);
  assert.is(map.getLength(), m.pageSize);
  assert.is(map.getMemoryDescriptor().id, md.id);
  const shared = md.createMappingInTask(m.client, 0, kIOMapAnywhere, 0, m.pageSize);
  assert.is(shared.id, map.id);
  shared.release();
  map.release();
});

it('several descriptors are one: length, tag, flags, segments, counts', (m) => {
  const { pageSize } = m;
  const one = range(m, pageSize);
  const two = range(m, 2 * pageSize, 8);
  two.md.setTag(5);
  const three = range(m, 16);
  three.md.setTag(6);
  const multi = IOMultiMemoryDescriptor.withDescriptors([one.md, two.md, three.md], kIODirectionOut, true);
  assert.is(multi.getLength(), 3 * pageSize + 16);
  assert.is(multi.getTag(), 5);
  assert.is(multi.getDirection(), kIODirectionOut);
  assert.is(multi.getFlags(), kIODirectionOut | kIOMemoryAsReference);
  assert.is(multi.getPreparationID(), 0);
  const counts = { result: kIOReturnNotReady, residentPageCount: 0, dirtyPageCount: 0 };
  assert.equal(multi.getPageCounts(), counts);
  // Two pages from byte 8 on touch three.
  assert.equal(multi.getDMAMapLength(), { length: (1 + 3 + 1) * pageSize, offset: 0 });
  assert.is(multi.prepare(), kIOReturnSuccess);
  assert.equal(multi.getPhysicalSegment(0), one.md.getPhysicalSegment(0));
  assert.equal(multi.getPhysicalSegment(pageSize + 4), two.md.getPhysicalSegment(4));
  assert.is(multi.getPhysicalSegment(3 * pageSize + 15).length, 1);
  assert.equal(multi.getPhysicalSegment(3 * pageSize + 16), noSegment);
  const id = multi.getPreparationID();
  assert.ok(id >= 2 ** 32);
  m.other.write(one.address + pageSize - 2, new Uint8Array([1, 2]));
  m.other.write(two.address, new Uint8Array([3, 4]));
  const bytes = new Uint8Array(4);
  assert.is(multi.readBytes(pageSize - 2, bytes), 4);
  assert.equal([...bytes], [1, 2, 3, 4]);
  assert.is(multi.performOperation(kIOMemoryIncoherentIOFlush, 0, 4 * pageSize), kIOReturnSuccess);
  assert.is(multi.complete(), kIOReturnSuccess);
  assert.is(multi.getPreparationID(), 0);
  for (const { md } of [one, two, three]) md.map();
  // Two pages from byte 8 on are three; the last one was wired, but never stored to.
  assert.equal(multi.getPageCounts(), { result: kIOReturnSuccess, residentPageCount: 5, dirtyPageCount: 4 });
  const references = one.md.getRetainCount();
  multi.release();
  assert.is(one.md.getRetainCount(), references - 1);
});

it('C112 a part that cannot be prepared gives its code, and undoes those before it', (m) => {
  const one = range(m, m.pageSize);
  const two = range(m, m.pageSize);
  two.md.prepare(kIODirectionOut);
  const multi = IOMultiMemoryDescriptor.withDescriptors([one.md, two.md, unmapped(m, 16)], kIODirectionOut);
  assert.is(multi.prepare(), kIOReturnCannotWire);
  assert.is(m.wires(m.other, one.address), 0);
  assert.is(m.wires(m.other, two.address), 1);
  // No direction means the multi's own, not its parts'.
  assert.is(IOMultiMemoryDescriptor.withDescriptors([one.md, two.md], kIODirectionIn).prepare(), kIOReturnNotWritable);
  assert.is(m.wires(m.other, one.address), 0);
  two.md.complete();
  assert.equal(m.violations, []);
});

it('C113 nothing at all cannot be prepared; buffers that differ in being pageable do not go together', (m) => {
  const none = IOMultiMemoryDescriptor.withDescriptors([], kIODirectionOut);
  assert.is(none.getLength(), 0);
  assert.is(none.prepare(), kIOReturnInternalError);
  assert.is(none.complete(), kIOReturnSuccess);
  assert.is(none.map(), null);
  const wired = IOBufferMemoryDescriptor.withCapacity(16, kIODirectionOut);
  const pageable = IOBufferMemoryDescriptor.withOptions(kIODirectionOut | kIOMemoryPageable, 16);
  assert.is(IOMultiMemoryDescriptor.withDescriptors([wired, pageable], kIODirectionOut), null);
  const both = IOMultiMemoryDescriptor.withDescriptors([pageable, pageable], kIODirectionOut);
  assert.is(both.getLength(), 32);
  const huge = IOMemoryDescriptor.withPhysicalAddress(0, 2 ** 43, kIODirectionOut);
  assert.is(IOMultiMemoryDescriptor.withDescriptors(new Array(1024).fill(huge), kIODirectionOut), null);
  assert.throws(() => IOMultiMemoryDescriptor.withDescriptors([m.client as never], 0), /descriptors\[0\]: expected/);
  assert.throws(() => IOMultiMemoryDescriptor.withDescriptors(wired as never, 0), /descriptors: expected an array/);
});

it('several descriptors are mapped as one range', (m) => {
  const { pageSize } = m;
  const one = range(m, pageSize - 8, 8);
  const two = range(m, 2 * pageSize);
  const three = range(m, 16);
  for (const [part, value] of [
    [one, 1],
    [two, 2],
    [three, 3],
  ] as const)
    m.other.store8(part.address, value);
  const multi = IOMultiMemoryDescriptor.withDescriptors([one.md, two.md, three.md], kIODirectionOutIn);
  const map = multi.createMappingInTask(m.client, 0, kIOMapAnywhere);
  const at = map.getVirtualAddress();
  assert.is(at % pageSize, 8);
  assert.equal(
    [m.client.load8(at), m.client.load8(at + pageSize - 8), m.client.load8(at + 3 * pageSize - 8)],
    [1, 2, 3],
  );
  m.client.store8(at + pageSize - 8, 22);
  assert.is(m.other.load8(two.address), 22);
  assert.is(map.getMemoryDescriptor().id, multi.id);
  assert.is(multi.createMappingInTask(m.client, 0, kIOMapAnywhere).id, map.id);
  map.release();
  const part = multi.createMappingInTask(m.client, 0, kIOMapAnywhere | kIOMapReadOnly, pageSize, pageSize);
  assert.is(part.getVirtualAddress() % pageSize, 8);
  assert.throws(() => m.client.store8(part.getVirtualAddress(), 1), isFault);
  assert.is(multi.createMappingInTask(m.client, 0, kIOMapAnywhere | kIOMapPrefault | kIOMapUnique), null);
  assert.equal(m.violations, m.kernelState.configuration.semantics === 'xnu' ? ['leak'] : []);
  for (const each of [part, map]) each.release();
});

it('C62 parts that do not meet at page boundaries cannot be mapped; in the sources they overwrite each other', (m, semantics) => {
  const { pageSize } = m;
  const one = range(m, 100);
  const two = range(m, pageSize);
  m.other.store8(one.address, 1);
  m.other.store8(two.address, 2);
  const multi = IOMultiMemoryDescriptor.withDescriptors([one.md, two.md], kIODirectionOutIn);
  const entries = m.spaceOf(m.client).entries.count;
  const map = multi.createMappingInTask(m.client, 0, kIOMapAnywhere);
  if (semantics === 'documented') {
    assert.is(map, null);
    assert.is(m.spaceOf(m.client).entries.count, entries);
    // A part of it that crosses no boundary is fine.
    const inside = multi.createMappingInTask(m.client, 0, kIOMapAnywhere, 100, pageSize);
    assert.is(m.client.load8(inside.getVirtualAddress()), 2);
    inside.release();
    const odd = IOMultiMemoryDescriptor.withDescriptors([two.md, range(m, 16, 8).md], kIODirectionOutIn);
    assert.is(odd.map(), null);
  } else {
    assert.is(m.client.load8(map.getVirtualAddress()), 2, 'the neighbour is there instead');
    map.release();
  }
  assert.is(m.spaceOf(m.client).entries.count, entries);
});

it('a part that cannot be mapped: no map, and in the sources the addresses are lost', (m, semantics) => {
  const multi = IOMultiMemoryDescriptor.withDescriptors([range(m, m.pageSize).md, unmapped(m, 16)], kIODirectionOut);
  assert.is(multi.createMappingInTask(m.client, 0, kIOMapAnywhere), null);
  assert.is(m.spaceOf(m.client).entries.count, semantics === 'xnu' ? 1 : 0);
  assert.equal(m.violations, semantics === 'xnu' ? ['leak'] : []);
});

it('composites nest', (m) => {
  const { pageSize } = m;
  const one = range(m, 2 * pageSize);
  const two = range(m, pageSize);
  m.other.store8(one.address + pageSize, 1);
  m.other.store8(two.address, 2);
  const sub = IOSubMemoryDescriptor.withSubRange(one.md, pageSize, pageSize, kIODirectionOutIn);
  const inner = IOMultiMemoryDescriptor.withDescriptors([sub, two.md], kIODirectionOutIn);
  const outer = IOSubMemoryDescriptor.withSubRange(inner, 0, pageSize + 8, kIODirectionOutIn);
  for (const each of [sub, inner, one.md, two.md]) each.release();
  const map = outer.createMappingInTask(m.client, 0, kIOMapAnywhere);
  assert.equal([m.client.load8(map.getVirtualAddress()), m.client.load8(map.getVirtualAddress() + pageSize)], [1, 2]);
  assert.is(outer.prepare(), kIOReturnSuccess);
  assert.is(outer.getPhysicalSegment(pageSize).length, 8);
  outer.complete();
  map.release();
  outer.release();
  assert.is(m.kernelState.iokit.descriptors.size, 0);
});

it('C114 parts are added while there is room and nothing is prepared', (m) => {
  const one = range(m, m.pageSize);
  const two = range(m, m.pageSize);
  const all = IOInterleavedMemoryDescriptor.withCapacity(3, kIODirectionOut);
  assert.is(all.prepare(), kIOReturnInternalError);
  assert.is(all.setMemoryDescriptor(one.md, 8, 8), true);
  assert.is(all.setMemoryDescriptor(two.md, 1, m.pageSize), false);
  assert.is(all.setMemoryDescriptor(two.md, 0, 16), true);
  assert.is(all.setMemoryDescriptor(all, 0, 8), false, 'not itself');
  assert.is(
    all.setMemoryDescriptor(IOSubMemoryDescriptor.withSubRange(all, 0, 8, 0), 0, 8),
    false,
    'nor through a part',
  );
  assert.is(all.prepare(), kIOReturnSuccess);
  assert.is(all.setMemoryDescriptor(one.md, 0, 8), false);
  assert.is(all.getLength(), 24);
  assert.equal(all.getPhysicalSegment(2), { address: one.md.getPhysicalSegment(10).address, length: 6 });
  assert.equal(all.getPhysicalSegment(8), { address: two.md.getPhysicalAddress(), length: 16 });
  assert.equal(all.getPhysicalSegment(24), noSegment);
  assert.is(all.complete(), kIOReturnSuccess);
  assert.is(all.setMemoryDescriptor(one.md, 0, 8), true, 'the same one again');
  assert.is(all.setMemoryDescriptor(two.md, 0, 8), false, 'full');
  assert.is(all.getPreparationID(), 1);
  assert.is(all.getPageCounts().result, kIOReturnNotReady);
  assert.is(all.map(), null);
  assert.is(all.getDirection(), kIODirectionOut);
});

it('C114 clearing completes what is prepared, and does not make it unprepared', (m) => {
  const one = range(m, m.pageSize);
  const all = IOInterleavedMemoryDescriptor.withCapacity(2, kIODirectionOut);
  all.setMemoryDescriptor(one.md, 0, 16);
  all.prepare();
  const references = one.md.getRetainCount();
  all.clearMemoryDescriptors();
  assert.is(m.wires(m.other, one.address), 0);
  assert.is(one.md.getRetainCount(), references - 1);
  assert.is(all.getLength(), 0);
  assert.is(all.setMemoryDescriptor(one.md, 0, 16), false);
  all.complete();
  assert.is(all.setMemoryDescriptor(one.md, 0, 16), true);
  all.clearMemoryDescriptors();
  assert.equal(m.violations, []);
});

it('C114 a failed prepare undoes the parts before; in the sources it completes the one that failed', (m, semantics) => {
  const one = range(m, m.pageSize);
  const all = IOInterleavedMemoryDescriptor.withCapacity(2, kIODirectionOut);
  all.setMemoryDescriptor(one.md, 0, 16);
  all.setMemoryDescriptor(unmapped(m, 16), 0, 16);
  assert.is(all.prepare(), kIOReturnCannotWire);
  assert.is(m.wires(m.other, one.address), semantics === 'xnu' ? 1 : 0);
  assert.equal(m.violations, semantics === 'xnu' ? ['unbalanced-complete'] : []);
  one.md.complete();
});

it('guard pages between descriptors cannot be touched', (m) => {
  const { pageSize } = m;
  const one = range(m, pageSize);
  const two = range(m, pageSize);
  const guard = IOGuardPageMemoryDescriptor.withSize(1);
  assert.is(guard.getLength(), pageSize);
  assert.is(guard.getDirection(), kIODirectionOutIn);
  assert.is(IOGuardPageMemoryDescriptor.withSize(0), null);
  assert.is(IOGuardPageMemoryDescriptor.withSize(2n ** 64n - 1n), null);
  const multi = IOMultiMemoryDescriptor.withDescriptors([one.md, guard, two.md], kIODirectionOutIn);
  const map = multi.createMappingInTask(m.client, 0, kIOMapAnywhere);
  const at = map.getVirtualAddress();
  m.client.store8(at + pageSize - 1, 1);
  assert.throws(() => m.client.load8(at + pageSize), isFault);
  assert.throws(() => m.client.load8(at + 2 * pageSize - 1), isFault);
  assert.throws(() => m.client.protect(at + pageSize, pageSize, 1), RangeError);
  m.client.store8(at + 2 * pageSize, 2);
  assert.is(m.other.load8(two.address), 2);
  map.release();
  multi.release();
  const alone = guard.map();
  assert.throws(() => m.kernel.load8(alone.getVirtualAddress()), isFault);
  assert.is(guard.initWithOptions([], 0, 0, m.kernel, 0x10), false);
  alone.release();
  const kernelEntries = m.spaceOf(m.kernel).entries.count;
  guard.release();
  assert.is(m.spaceOf(m.kernel).entries.count, kernelEntries - 1);
});

it('device memory is a name for physical descriptors and parts of them', (m) => {
  const { pageSize } = m;
  const device = IODeviceMemory.withRange(16 * pageSize, 2 * pageSize);
  assert.is(device.getDirection(), kIODirectionNone);
  assert.is(device.getFlags() & kIOMemoryMapperNone, kIOMemoryMapperNone);
  assert.equal(device.getPhysicalSegment(8), { address: 16 * pageSize + 8, length: 2 * pageSize - 8 });
  const part = IODeviceMemory.withSubRange(device, pageSize, 16);
  assert.equal(part.getPhysicalSegment(0), { address: 17 * pageSize, length: 16 });
  assert.is(IODeviceMemory.withSubRange(device, pageSize, pageSize + 1), null);
  const list = IODeviceMemory.arrayFromList([
    { start: 0, length: 16, tag: 7 },
    { start: 2n ** 40n, length: 16, tag: 8 },
  ]);
  assert.equal(
    list.map((one) => [one.getTag(), one.getPhysicalAddress()]),
    [
      [7, 0],
      [8, 2 ** 40],
    ],
  );
  const count = m.kernelState.iokit.descriptors.size;
  assert.is(
    IODeviceMemory.arrayFromList([
      { start: 0, length: 16, tag: 7 },
      { start: 2n ** 64n - 1n, length: 2, tag: 8 },
    ]),
    null,
  );
  assert.is(m.kernelState.iokit.descriptors.size, count);
});

it('C83 several purgeable states are one: empty before volatile before the rest, to the first failure', () => {
  const state =
    (oldState: number, result = kIOReturnSuccess) =>
    () => ({ result, oldState });
  const [nonVolatile, volatile, empty] = [2, 3, 4];
  assert.equal(setAllPurgeable([state(volatile), state(empty), state(nonVolatile)]), { result: 0, oldState: empty });
  assert.equal(setAllPurgeable([state(nonVolatile), state(volatile)]), { result: 0, oldState: volatile });
  assert.equal(setAllPurgeable([state(empty), state(volatile)]), { result: 0, oldState: empty });
  assert.equal(setAllPurgeable([state(nonVolatile)]), { result: 0, oldState: nonVolatile });
  const late = () => assert.unreachable('it stopped before') as never;
  const failed = setAllPurgeable([state(volatile), state(0, kIOReturnBadArgument), late]);
  assert.equal(failed, { result: kIOReturnBadArgument, oldState: volatile });
});

run();
