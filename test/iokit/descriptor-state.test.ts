/** What descriptors keep, the rarer kinds of them, and the lock that thread-safe ones share (xnu-reference 1.1, 3.8, 3.10, 3.14). */
import * as assert from 'uvu/assert';
import {
  kIODirectionIn,
  kIODirectionOut,
  kIODirectionOutIn,
  kIOMapAnywhere,
  kIOMemoryAsReference,
  kIOMemoryAutoPrepare,
  kIOMemoryClearEncrypted,
  kIOMemoryHostOnly,
  kIOMemoryIncoherentIOFlush,
  kIOMemoryIncoherentIOStore,
  kIOMemoryMapperNone,
  kIOMemoryPersistent,
  kIOMemoryRemote,
  kIOMemorySetEncrypted,
  kIOMemoryThreadSafe,
  kIOMemoryTypePhysical,
  kIOMemoryTypeUPL,
  kIOMemoryTypeVirtual,
} from '../../src/iokit/options.ts';
import {
  kIOReturnCannotWire,
  kIOReturnNotAttached,
  kIOReturnSuccess,
  kIOReturnUnderrun,
  kIOReturnUnsupported,
} from '../../src/iokit/return-codes.ts';
import { Status } from '../../src/kernel/call.ts';
import { calls } from '../../src/kernel/calls/index.ts';
import { IOBufferMemoryDescriptor } from '../../src/task/iokit/io-buffer-memory-descriptor.ts';
import { IOMemoryDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import { IOSubMemoryDescriptor } from '../../src/task/iokit/io-sub-memory-descriptor.ts';
import { MemoryObject } from '../../src/task/iokit/memory-object.ts';
import { UPL } from '../../src/task/iokit/upl.ts';
import { machineSuite, type TestMachine } from '../support/machine.ts';
import { HandDriven } from '../support/thread.ts';

const { case: it, run } = machineSuite('state and kinds of descriptors');
const isPanic = (error: Error) => error.name === 'KernelPanic';

function pages(m: TestMachine, count: number, options = kIODirectionOutIn) {
  const address = m.other.allocate(count * m.pageSize);
  m.touch(m.other, address, count * m.pageSize);
  return { address, md: IOMemoryDescriptor.withAddressRange(address, count * m.pageSize, options, m.other) };
}

it('a descriptor keeps one object of its user alive', (m) => {
  const { md } = pages(m, 1);
  const first = MemoryObject.withSize(m.pageSize);
  const second = pages(m, 1).md;
  assert.is(md.copyContext(), null);
  md.setContext(first);
  assert.is(first.getRetainCount(), 2);
  const copy = md.copyContext() as MemoryObject;
  assert.ok(copy instanceof MemoryObject);
  assert.is(copy.id, first.id);
  assert.is(first.getRetainCount(), 3);
  copy.release();
  md.setContext(second);
  assert.is(first.getRetainCount(), 1);
  second.release();
  const other = md.copyContext() as IOMemoryDescriptor;
  assert.is(other.getLength(), m.pageSize, 'the descriptor alone kept it');
  other.release();
  md.setContext(null);
  assert.throws(() => other.getLength(), /HandleError|released|stale/);
  md.setContext(first);
  md.setContext(first);
  assert.is(first.getRetainCount(), 2);
  md.release();
  assert.is(first.getRetainCount(), 1);
  assert.throws(() => second.setContext({} as never), TypeError);
});

it('mapper options are 16 bits, and mean nothing here', (m) => {
  const { md } = pages(m, 1);
  assert.is(md.getMapperOptions(), 0);
  md.setMapperOptions(0xffff);
  assert.is(md.getMapperOptions(), 0xffff);
  assert.throws(() => md.setMapperOptions(0x10000), RangeError);
  assert.throws(() => md.setMapperOptions(-1), RangeError);
});

it('ids can be given before anybody asks for them', (m) => {
  const { md } = pages(m, 1);
  md.setDescriptorID();
  assert.is(md.getDescriptorID(), 1);
  md.setPreparationID();
  assert.is(md.getPreparationID(), 0, 'it is not prepared');
  md.prepare();
  const id = md.getPreparationID();
  md.setPreparationID();
  assert.is(md.getPreparationID(), id);
  md.complete();
  assert.is(md.getPreparationID(), 0);
  const physical = IOMemoryDescriptor.withPhysicalAddress(0, 16, kIODirectionOut);
  physical.setPreparationID();
  assert.ok(physical.getPreparationID() >= 2 ** 32);
});

it('C93 operations are checked in this order: what, from where, how far', (m) => {
  const { md } = pages(m, 3);
  const length = 3 * m.pageSize;
  const all = [kIOMemoryIncoherentIOFlush, kIOMemoryIncoherentIOStore, kIOMemorySetEncrypted, kIOMemoryClearEncrypted];
  assert.is(md.performOperation(99, length + 1, 1), kIOReturnUnsupported);
  assert.throws(() => md.performOperation(kIOMemoryIncoherentIOFlush, 0, 1), isPanic);
  md.prepare();
  for (const operation of all) {
    assert.is(md.performOperation(operation, 0, length), kIOReturnSuccess);
    assert.is(md.performOperation(operation, 0, 2n ** 64n - 1n), kIOReturnSuccess, 'cut to what there is');
    assert.is(md.performOperation(operation, length, 1), kIOReturnSuccess);
    assert.is(md.performOperation(operation, length + 1, 1), kIOReturnUnderrun);
  }
  md.complete();
});

it('memory of another machine: attached to nothing', (m) => {
  const range = [{ address: 2 ** 32, length: m.pageSize }];
  const virtual = kIOMemoryTypeVirtual | kIOMemoryRemote | kIODirectionOutIn;
  const md = IOMemoryDescriptor.withOptions(range, 1, 0, m.other, virtual);
  assert.is(md.getFlags() & kIOMemoryMapperNone, kIOMemoryMapperNone);
  assert.is(md.prepare(), kIOReturnNotAttached);
  assert.is(md.complete(), kIOReturnNotAttached);
  assert.is(md.performOperation(99, 0, 0), kIOReturnNotAttached);
  assert.is(md.getPageCounts().result, kIOReturnNotAttached);
  assert.is(md.readBytes(0, new Uint8Array(4)), 0);
  assert.is(md.writeBytes(0, new Uint8Array(4)), 0);
  const sub = IOSubMemoryDescriptor.withSubRange(md, 0, 16, kIODirectionOut);
  assert.is(sub.performOperation(kIOMemoryIncoherentIOFlush, 0, 0), kIOReturnNotAttached);
  assert.is(sub.getPageCounts().result, kIOReturnNotAttached);
  assert.equal(m.violations, []);

  const far = [{ address: 2 ** 33 * m.pageSize, length: m.pageSize }];
  const physical = kIOMemoryTypePhysical | kIODirectionOut;
  assert.is(IOMemoryDescriptor.withOptions(far, 1, 0, null, physical), null);
  const remote = IOMemoryDescriptor.withOptions(far, 1, 0, null, physical | kIOMemoryRemote);
  assert.is(remote.prepare(), kIOReturnSuccess, 'physical memory is always wired');
  assert.is(remote.complete(), kIOReturnSuccess);
  assert.is(remote.getPhysicalAddress(), 2 ** 33 * m.pageSize);
  assert.is(remote.readBytes(0, new Uint8Array(4)), 0);
});

it('what devices must not see goes through no mapper; other options are kept as they are', (m) => {
  const flags = (options: number) =>
    IOMemoryDescriptor.withAddressRange(2 ** 32, 16, kIODirectionOut | options, m.other).getFlags();
  assert.is(flags(kIOMemoryHostOnly) & kIOMemoryMapperNone, kIOMemoryMapperNone);
  assert.is(flags(kIOMemoryMapperNone) & kIOMemoryHostOnly, 0);
  assert.is(flags(0) & kIOMemoryMapperNone, 0);
  const two = [0, 1].map((i) => ({ address: 2 ** 32 + i * 32, length: 16 }));
  const md = (options: number) => IOMemoryDescriptor.withAddressRanges(two, kIODirectionOut | options, m.other);
  assert.is(md(kIOMemoryAsReference).getFlags() & kIOMemoryAsReference, kIOMemoryAsReference);
  assert.is(md(0).getFlags() & kIOMemoryAsReference, 0);
});

it('what is prepared when it is made is so for life', (m) => {
  const address = m.other.allocate(m.pageSize);
  m.other.load8(address);
  const options = kIODirectionOut | kIOMemoryAutoPrepare;
  const md = IOMemoryDescriptor.withAddressRange(address, 16, options, m.other);
  assert.is(m.wires(m.other, address), 1);
  md.release();
  assert.is(m.wires(m.other, address), 0);
  assert.is(IOMemoryDescriptor.withAddressRange(2 ** 40, 16, options, m.other), null);
  assert.is(m.kernelState.iokit.descriptors.size, 0);
});

it('a persistent descriptor is the same while its task has the same memory there', (m) => {
  const { md, address } = pages(m, 2, kIODirectionOut | kIOMemoryPersistent);
  const references = md.getRetainCount();
  const same = IOMemoryDescriptor.withPersistentMemoryDescriptor(md);
  assert.is(same.id, md.id);
  assert.is(md.getRetainCount(), references + 1);
  same.release();
  md.setTag(9);
  md.prepare();

  m.other.deallocate(address, 2 * m.pageSize);
  assert.is(IOMemoryDescriptor.withPersistentMemoryDescriptor(md), null, 'there is nothing');
  m.other.allocate(2 * m.pageSize, { address });
  const fresh = IOMemoryDescriptor.withPersistentMemoryDescriptor(md);
  assert.is.not(fresh.id, md.id);
  assert.is(fresh.getLength(), 2 * m.pageSize);
  assert.is(fresh.getFlags() & kIOMemoryPersistent, kIOMemoryPersistent);
  assert.is(fresh.getTag(), 0);
  assert.is(fresh.getPreparationID(), 0, 'nor is it prepared');
  assert.is(IOMemoryDescriptor.withPersistentMemoryDescriptor(fresh).id, fresh.id);
  md.complete();

  // Half of it is enough.
  m.other.deallocate(address, m.pageSize);
  m.other.allocate(m.pageSize, { address });
  assert.is.not(IOMemoryDescriptor.withPersistentMemoryDescriptor(fresh).id, fresh.id);
});

it('mapped back, the same memory counts as unchanged; other kinds are not persistent', (m) => {
  const object = MemoryObject.withSize(m.pageSize);
  const address = m.kernel.map(object);
  const options = kIODirectionOut | kIOMemoryPersistent;
  const md = IOMemoryDescriptor.withAddressRange(address, 16, options, m.kernel);
  m.kernel.deallocate(address, m.pageSize);
  m.kernel.map(object, { address });
  assert.is(IOMemoryDescriptor.withPersistentMemoryDescriptor(md).id, md.id);
  const plain = IOMemoryDescriptor.withAddressRange(address, 16, kIODirectionOut, m.kernel);
  assert.is(IOMemoryDescriptor.withPersistentMemoryDescriptor(plain), null);
  const sub = IOSubMemoryDescriptor.withSubRange(md, 0, 8, kIODirectionOut);
  assert.is(IOMemoryDescriptor.withPersistentMemoryDescriptor(sub), null);
  assert.throws(() => IOMemoryDescriptor.withPersistentMemoryDescriptor(null as never), /originalMD/);
  assert.is(IOMemoryDescriptor.withAddressRange(2 ** 40, 16, options, m.other), null, 'no memory, no reference');
});

it('pages that a list holds: prepared by counting, let go by the last complete', (m) => {
  const { pageSize } = m;
  const before = m.freeFrames;
  const object = MemoryObject.withSize(4 * pageSize);
  const at = m.kernel.map(object);
  for (let page = 0; page < 4; page++) m.kernel.store8(at + page * pageSize, page);
  const upl = UPL.withObject(object, pageSize, 2 * pageSize);
  assert.is(m.wires(m.kernel, at), 0);
  assert.is(m.wires(m.kernel, at + pageSize), 1);
  const options = kIOMemoryTypeUPL | kIODirectionOut;
  const md = IOMemoryDescriptor.withOptions(upl, pageSize + 8, 8, null, options);
  assert.is(md.getLength(), pageSize + 8);
  assert.throws(() => md.getPhysicalSegment(0), isPanic);
  m.violations.length = 0;
  upl.release();
  assert.is(m.wires(m.kernel, at + pageSize), 1, 'the descriptor holds the list');
  assert.is(md.prepare(), kIOReturnSuccess);
  assert.is(md.prepare(), kIOReturnSuccess);
  assert.is(md.getPhysicalSegment(0).address, m.frameOf(m.kernel, at + pageSize) * pageSize + 8);
  assert.is(md.getPhysicalSegment(pageSize).address, m.frameOf(m.kernel, at + 2 * pageSize) * pageSize + 8);
  const bytes = new Uint8Array(1);
  assert.is(md.readBytes(pageSize - 8, bytes), 1);
  assert.is(bytes[0], 2);
  const map = md.createMappingInTask(m.client, 0, kIOMapAnywhere);
  assert.is(map.getVirtualAddress() % pageSize, 8);
  assert.is(m.client.load8(map.getVirtualAddress() + pageSize - 8), 2);
  map.release();
  md.complete();
  assert.is(m.wires(m.kernel, at + pageSize), 2, 'by the list and by the descriptor');
  md.complete();
  assert.is(m.wires(m.kernel, at + pageSize), 0);
  assert.is(md.prepare(), kIOReturnSuccess);
  assert.throws(() => md.getPhysicalSegment(0), isPanic);
  md.complete();
  assert.equal(m.violations, []);
  md.release();
  m.kernel.deallocate(at, 4 * pageSize);
  object.release();
  assert.is(m.freeFrames, before);
});

it('a page list needs one direction, and a length that it has', (m) => {
  const { pageSize } = m;
  const upl = UPL.withObject(MemoryObject.withSize(pageSize), 0, pageSize);
  const make = (direction: number, length: number | bigint, offset: number | bigint) =>
    IOMemoryDescriptor.withOptions(upl, length, offset, null, kIOMemoryTypeUPL | direction);
  for (const direction of [0, kIODirectionOutIn, kIODirectionIn | 4])
    assert.throws(() => make(direction, 16, 0), isPanic);
  assert.is(make(kIODirectionIn, pageSize + 1, 0), null);
  assert.is(make(kIODirectionIn, pageSize, 1), null);
  assert.is(make(kIODirectionIn, 2n ** 64n - 1n, 0), null);
  const md = make(kIODirectionIn, pageSize, 0);
  assert.is(md.prepare(), kIOReturnSuccess);
  assert.is(md.writeBytes(0, new Uint8Array([1])), 1);
  md.complete();
  const { md: other } = pages(m, 1);
  other.prepare();
  assert.is(other.initWithOptions(upl, pageSize + 1, 0, null, kIOMemoryTypeUPL | kIODirectionIn), false);
  assert.is(other.initWithOptions(upl, 16, 8, null, kIOMemoryTypeUPL | kIODirectionIn), true);
  assert.throws(() => other.initWithOptions(upl, 16, 8, null, kIOMemoryTypeUPL), isPanic);
  assert.is(other.getLength(), 16);
  assert.is(other.prepare(), kIOReturnSuccess);
  assert.is(other.getPhysicalSegment(0).length, 16);
  other.complete();
  assert.throws(
    () => IOMemoryDescriptor.withOptions([], 0, 0, null, kIOMemoryTypeUPL),
    /buffers: expected a handle of UPL/,
  );
  assert.throws(() => UPL.withObject(MemoryObject.withSize(pageSize), 0, 2 * pageSize), RangeError);
  assert.throws(() => UPL.withObject(MemoryObject.withSize(pageSize), 1, 8), RangeError);
  const all = MemoryObject.withSize(m.hardware.configuration.physicalMemory);
  const free = m.freeFrames;
  assert.is(UPL.withObject(all, 0, m.hardware.configuration.physicalMemory), null);
  all.release();
  assert.is(m.freeFrames, free);
});

it('calls on a thread-safe descriptor wait for a copy through another one, and so does mapping', (m) => {
  const safe = pages(m, 3, kIODirectionOutIn | kIOMemoryThreadSafe).md;
  const other = pages(m, 1, kIODirectionOut | kIOMemoryThreadSafe).md;
  const plain = pages(m, 1, kIODirectionOut).md;
  for (const md of [safe, other, plain]) md.prepare();
  const map = plain.createMappingInTask(m.client, 0, kIOMapAnywhere);
  const copier = new HandDriven(m, 'kernel.copier').grant(safe);
  const length = 3 * m.pageSize;
  assert.is(copier.begin(calls.readBytes, [safe.id, 0, length, length], new Uint8Array(length)), Status.Copy);
  const begun = new Map<string, HandDriven>();
  const begin = (name: string, ...call: Parameters<HandDriven['begin']>) => {
    const thread = new HandDriven(m, `kernel.${name}`).grant(other, plain, map, m.client);
    begun.set(name, thread);
    return thread.begin(...call);
  };
  copier.copy();
  const waiting = [
    begin('operation', calls.performOperation as never, [other.id, kIOMemoryIncoherentIOFlush, 0, 1]),
    begin('counts', calls.getPageCounts as never, [other.id]),
    begin('length', calls.getDMAMapLength as never, [other.id]),
    begin('read', calls.readBytes as never, [other.id, 0, 1, 1], new Uint8Array(1)),
    begin('map', calls.createMappingInTask as never, [plain.id, m.client.id, 0, kIOMapAnywhere, 0, 0]),
    begin('static', calls.setMapping as never, [plain.id, m.client.id, 0, 0]),
    begin('unmap', calls.unmap as never, [map.id]),
    begin('redirect', calls.redirectMap as never, [map.id, plain.id, 0, 0]),
    begin('descriptor', calls.redirectDescriptor as never, [plain.id, 0, false]),
    begin('wire', calls.wireRange as never, [map.id, 0, 0, 0]),
  ];
  assert.equal(waiting, new Array(10).fill(Status.Blocked));
  for (const thread of begun.values()) assert.match(thread.thread.waitingIn!.subject, /global memory lock/);
  assert.is(begin('plain', calls.performOperation as never, [plain.id, kIOMemoryIncoherentIOFlush, 0, 1]), Status.Done);
  assert.is(copier.finish(copier.step()), Status.Done);
  // Woken one after the other, each lets the next one in.
  for (let round = 0; round < 20; round++) {
    for (const { thread } of begun.values()) {
      if (thread.running === null || thread.waitingIn !== null) continue;
      const driven = [...begun.values()].find((one) => one.thread === thread)!;
      driven.finish(driven.step());
    }
  }
  const stuck = [...begun].filter(([, { thread }]) => thread.running !== null).map(([name]) => name);
  assert.equal(stuck, []);
});

it('a buffer with a device mode is described like any other; holes are found when wiring', (m) => {
  const md = IOBufferMemoryDescriptor.withCapacity(m.pageSize, kIODirectionOut);
  const address = md.getBytesNoCopy();
  const over = IOMemoryDescriptor.withAddressRange(address, 2 * m.pageSize, kIODirectionOut, m.kernel);
  assert.is(over.prepare(), kIOReturnCannotWire);
  md.release();
});

run();
