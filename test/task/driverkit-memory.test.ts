/** DriverKit's factories of memory (xnu-reference 1.12): what they refuse, and what a dext may do with what it made. */
import * as assert from 'uvu/assert';
import {
  kIODirectionOutIn,
  kIOMemoryMapCopyOnWrite,
  kIOMemoryPageable,
  kIOMemoryThreadSafe,
} from '../../src/iokit/options.ts';
import {
  kIOReturnBadArgument,
  kIOReturnError,
  kIOReturnNoMemory,
  kIOReturnNotReady,
  kIOReturnSuccess,
} from '../../src/iokit/return-codes.ts';
import { calls } from '../../src/kernel/calls/index.ts';
import { checkInvariants } from '../../src/kernel/invariants.ts';
import {
  IOBufferMemoryDescriptor,
  IOMemoryDescriptor,
  IOUserClient,
  kIOMemoryDirectionIn,
  kIOMemoryDirectionInOut,
  kIOMemoryDirectionOut,
  kIOMemoryDisableCopyOnWrite,
  kIOMemoryMapReadOnly,
  OSDynamicCast,
} from '../../src/task/driverkit/index.ts';
import { IOBufferMemoryDescriptor as KernelBuffer } from '../../src/task/iokit/io-buffer-memory-descriptor.ts';
import { IOMemoryDescriptor as KernelDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import { IOUserClient as KernelUserClient } from '../../src/task/iokit/io-user-client.ts';
import { contiguous } from '../support/dma.ts';
import { machineSuite, type TestMachine } from '../support/machine.ts';
import { HandDriven } from '../support/thread.ts';

const { case: it, run } = machineSuite('memory of driverkit');
const refused = { result: kIOReturnBadArgument, memory: null };
/** Options with a bit that means nothing, in the low and in the high half of the word. */
const unknownOptions = [4, 0x10, 0x80000000, 2 ** 32, 2n ** 63n + 1n];

function memoryOf(m: TestMachine, length: number) {
  const md = KernelDescriptor.withAddressRange(contiguous(m, 1), length, kIODirectionOutIn, m.client);
  return OSDynamicCast(IOMemoryDescriptor, md)!;
}

function createBuffer(capacity: number, options = kIOMemoryDirectionInOut): IOBufferMemoryDescriptor {
  const { result, memory } = IOBufferMemoryDescriptor.Create(options, capacity);
  assert.is(result, kIOReturnSuccess);
  return memory!;
}

it('C150 CreateWithMemoryDescriptors checks list, options and elements', (m) => {
  const [a, b] = [memoryOf(m, 16), memoryOf(m, 32)];
  const create = IOMemoryDescriptor.CreateWithMemoryDescriptors;
  assert.equal(create(0, null), refused);
  assert.equal(create(0, []), refused);
  assert.equal(create(0, [a, null]), refused);
  assert.equal(create(0, Array(33).fill(a)), refused);
  for (const options of unknownOptions) assert.equal(create(options, [a]), refused, String(options));
  assert.throws(() => create(0, [{} as never]), /withDescriptors\[0\]: expected an IOMemoryDescriptor/);
  const { result, memory } = create(kIOMemoryDirectionIn, [a, b]);
  assert.is(result, kIOReturnSuccess);
  assert.equal(memory!.GetLength(), { result: kIOReturnSuccess, returnLength: 48 });
  assert.is(create(kIOMemoryDirectionIn, Array(32).fill(a)).result, kIOReturnSuccess, '32 are not too many');
  const pageable = KernelBuffer.inTaskWithOptions(null, kIODirectionOutIn | kIOMemoryPageable, m.pageSize);
  const mixed = [a, OSDynamicCast(IOMemoryDescriptor, pageable)];
  assert.equal(create(0, mixed), { result: kIOReturnNoMemory, memory: null });
  for (const one of [memory!, a, b, pageable]) one.release();
});

it('C150 IOBufferMemoryDescriptor.Create checks its options, and SetLength never fails', (m) => {
  const create = IOBufferMemoryDescriptor.Create;
  for (const options of unknownOptions) assert.equal(create(options, 16), refused, String(options));
  assert.equal(create(0, 0), { result: kIOReturnNoMemory, memory: null });
  assert.equal(create(0, 2n ** 64n - 1n), { result: kIOReturnNoMemory, memory: null });
  const free = m.freeFrames;
  const buffer = createBuffer(100);
  assert.is(buffer.GetLength().returnLength, 100, 'the whole capacity at first');
  assert.is(new KernelBuffer(buffer.id).getFlags() & kIOMemoryThreadSafe, kIOMemoryThreadSafe);
  assert.is(m.freeFrames, free - 1, 'wired at once');
  for (const [length, then] of [
    [0, 0],
    [100, 100],
    [101, 100],
    [2n ** 64n - 1n, 100],
  ] as const) {
    assert.is(buffer.SetLength(length), kIOReturnSuccess);
    assert.is(buffer.GetLength().returnLength, then);
  }
  buffer.release();
  assert.is(m.freeFrames, free);
});

it('C150 who created a buffer may write to it; others may only read what is for devices to read', (m) => {
  let buffer!: IOBufferMemoryDescriptor;
  m.enter(m.other, () => {
    buffer = createBuffer(m.pageSize, kIOMemoryDirectionOut);
    for (const options of [0, kIOMemoryMapReadOnly]) {
      const map = buffer.CreateMapping(options, 0, 0, 0).map!;
      m.other.store8(map.GetAddress(), 7);
      map.release();
    }
  });
  m.enter(m.client, () => {
    const map = buffer.CreateMapping(0, 0, 0, 0).map!;
    assert.is(m.client.load8(map.GetAddress()), 7);
    assert.throws(() => m.client.store8(map.GetAddress(), 1), /protected/);
    map.release();
  });
  buffer.release();
});

it('GetAddressRange maps the buffer once for each task, and the map goes with the buffer', (m) => {
  const entries = [m.client, m.other].map((task) => m.spaceOf(task).entries.count);
  const free = m.freeFrames;
  const buffer = createBuffer(24);
  const ranges = [m.client, m.other].map((task) =>
    m.enter(task, () => {
      const { result, range } = buffer.GetAddressRange();
      assert.is(result, kIOReturnSuccess);
      assert.is(range.length, 24);
      assert.equal(buffer.GetAddressRange().range, range, 'the same map');
      assert.equal(checkInvariants(m.kernelState), []);
      return range;
    }),
  );
  m.client.store8(ranges[0]!.address + 23, 9);
  assert.is(m.other.load8(ranges[1]!.address + 23), 9);
  assert.throws(() => m.client.load8(ranges[0]!.address + m.pageSize), /protected/, 'a guard');
  buffer.release();
  assert.equal(
    [m.client, m.other].map((task) => m.spaceOf(task).entries.count),
    entries,
  );
  assert.throws(() => m.client.load8(ranges[0]!.address), /not mapped/);
  assert.is(m.freeFrames, free);
  const empty = createBuffer(24);
  empty.SetLength(0);
  assert.equal(empty.GetAddressRange(), { result: kIOReturnError, range: { address: 0, length: 0 } });
  empty.release();
});

it('a task that lets go of a buffer loses its address, whoever else has the buffer', (m) => {
  const { kernelState } = m;
  const client = kernelState.tasks.find(({ name }) => name === 'client')!;
  const dext = new HandDriven(m, 'dext', client);
  dext.finish(dext.begin(calls.createDextBuffer, [kIOMemoryDirectionInOut, m.pageSize, 0]));
  const { id } = dext.result<{ id: number }>(calls.createDextBuffer as never);
  const before = client.space.entries.count;
  dext.finish(dext.begin(calls.getAddressRange, [id]));
  const { address } = dext.result<{ address: number }>(calls.getAddressRange as never);
  assert.not(client.space.lookup(address) === null);
  const driver = new KernelBuffer(id);
  driver.retain();
  dext.finish(dext.begin(calls.release, [id]));
  assert.is(client.space.entries.count, before);
  assert.is(driver.getRetainCount(), 1);
  driver.release();
});

it('a task that dies takes its address with it', (m) => {
  const buffer = createBuffer(24);
  m.enter(m.client, () => buffer.GetAddressRange());
  m.kill(m.client);
  assert.is(
    m.enter(m.other, () => buffer.GetAddressRange().result),
    kIOReturnSuccess,
  );
  buffer.release();
  assert.is(m.kernelState.iokit.descriptors.size, 0);
  assert.is(m.kernelState.iokit.maps.size, 0);
});

it('an address that was unmapped through another handle of its map is given anew', (m) => {
  const buffer = createBuffer(24);
  m.enter(m.client, () => {
    const { range } = buffer.GetAddressRange();
    const { map } = buffer.CreateMapping(0, 0, 0, 0);
    assert.is(map!.GetAddress(), range.address, 'shared');
    const kernelMap = KernelDescriptor.prototype.createMappingInTask.call(buffer, m.client, 0, 0x40000001);
    assert.is(kernelMap.getVirtualAddress(), range.address);
    kernelMap.unmap();
    const again = buffer.GetAddressRange().range;
    assert.is(m.client.load8(again.address), 0);
    kernelMap.release();
    map!.release();
  });
  buffer.release();
  assert.is(m.kernelState.iokit.maps.size, 0);
});

it('C150 CreateMemoryDescriptorFromClient describes memory of the client, a snapshot unless told otherwise', (m) => {
  const address = contiguous(m, 2);
  m.client.store8(address, 1);
  const connection = KernelUserClient.withTask(m.client);
  const client = OSDynamicCast(IOUserClient, connection)!;
  const segments = [
    { address, length: 8 },
    { address: BigInt(address + 8), length: 8n },
  ];
  const create = (options: number, ranges = segments as { address: number | bigint; length: number | bigint }[]) =>
    client.CreateMemoryDescriptorFromClient(options, ranges);
  for (const [options, seen] of [
    [kIOMemoryDirectionInOut, 1],
    [kIOMemoryDirectionInOut | kIOMemoryDisableCopyOnWrite, 2],
  ] as const) {
    m.client.store8(address, 1);
    const { result, memory } = create(options);
    assert.is(result, kIOReturnSuccess);
    assert.is(memory!.GetLength().returnLength, 16);
    const flags = new KernelBuffer(memory!.id).getFlags();
    assert.is(flags & kIOMemoryThreadSafe, kIOMemoryThreadSafe);
    assert.is((flags & kIOMemoryMapCopyOnWrite) !== 0, seen === 1);
    m.enter(m.other, () => {
      const map = memory!.CreateMapping(0, 0, 0, 0).map!;
      m.client.store8(address, 2);
      assert.is(m.other.load8(map.GetAddress()), seen);
      map.release();
    });
    memory!.release();
  }
  assert.equal(create(0, Array(33).fill(segments[0])), refused);
  const toofar = [{ address: 2n ** 64n - 1n, length: 2 }];
  assert.equal(create(0, toofar), { result: kIOReturnNoMemory, memory: null });
  const memory = memoryOf(m, 16);
  assert.equal(new IOUserClient(memory.id).CreateMemoryDescriptorFromClient(0, segments), refused, 'no user client');
  memory.release();
  connection.clientClose();
  assert.equal(create(0), { result: kIOReturnNotReady, memory: null });
  connection.release();
  const dead = KernelUserClient.withTask(m.client);
  m.kill(m.client);
  assert.is(new IOUserClient(dead.id).CreateMemoryDescriptorFromClient(0, segments).result, kIOReturnNotReady);
  dead.release();
});

run();
