/** DriverKit's facade: the cases C150 and C151 of the reference, each check of its table (1.12). */
import * as assert from 'uvu/assert';
import {
  kIODirectionIn,
  kIODirectionOut,
  kIODirectionOutIn,
  kIOMapCopybackCache,
  kIOMapInhibitCache,
  kIOMapReadOnly,
  kIOMapRealTimeCache,
  kIOMapWriteThruCache,
} from '../../src/iokit/options.ts';
import {
  kIOReturnBadArgument,
  kIOReturnBusy,
  kIOReturnCannotWire,
  kIOReturnError,
  kIOReturnMessageTooLarge,
  kIOReturnNoMemory,
  kIOReturnNotReady,
  kIOReturnSuccess,
  kIOReturnUnderrun,
} from '../../src/iokit/return-codes.ts';
import { Status } from '../../src/kernel/call.ts';
import { calls } from '../../src/kernel/calls/index.ts';
import {
  IODMACommand,
  IOMemoryDescriptor,
  IOMemoryMap,
  kIODMACommandPerformOperationOptionRead,
  kIODMACommandPerformOperationOptionWrite,
  kIODMACommandPerformOperationOptionZero,
  kIOMemoryDirectionIn,
  kIOMemoryDirectionOut,
  kIOMemoryMapCacheModeCopyback,
  kIOMemoryMapCacheModeInhibit,
  kIOMemoryMapCacheModeRealTime,
  kIOMemoryMapCacheModeWriteThrough,
  kIOMemoryMapFixedAddress,
  kIOMemoryMapGuardedLarge,
  kIOMemoryMapGuardedNone,
  kIOMemoryMapReadOnly,
  OSDynamicCast,
} from '../../src/task/driverkit/index.ts';
import { IODMACommand as KernelCommand } from '../../src/task/iokit/io-dma-command.ts';
import { IOMemoryDescriptor as KernelDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import { IOMemoryMap as KernelMap } from '../../src/task/iokit/io-memory-map.ts';
import { contiguous, physical, scattered } from '../support/dma.ts';
import { machineSuite, type TestMachine } from '../support/machine.ts';
import { HandDriven } from '../support/thread.ts';

const { case: it, run } = machineSuite('driverkit');

/** Memory of the client, as a dext has it. */
function memoryOf(m: TestMachine, address: number, length: number, direction = kIODirectionOutIn) {
  const md = KernelDescriptor.withAddressRange(address, length, direction, m.client);
  return OSDynamicCast(IOMemoryDescriptor, md)!;
}

function makeCommand(maxAddressBits = 64): IODMACommand {
  const { result, command } = IODMACommand.Create(null, 0, { maxAddressBits });
  assert.is(result, kIOReturnSuccess);
  return command!;
}

it('objects are seen as what they are', (m) => {
  const md = KernelDescriptor.withAddressRange(contiguous(m, 1), 16, kIODirectionOut, m.client);
  const memory = OSDynamicCast(IOMemoryDescriptor, md)!;
  assert.is(memory.id, md.id);
  assert.equal(memory.GetLength(), { result: kIOReturnSuccess, returnLength: 16 });
  assert.is(OSDynamicCast(IODMACommand, md), null);
  assert.is(OSDynamicCast(IOMemoryMap, md), null);
  assert.is(OSDynamicCast(IOMemoryDescriptor, {}), null);
  assert.is(OSDynamicCast(IOMemoryDescriptor, null), null);
  assert.is(OSDynamicCast(IOMemoryDescriptor, memory)!.id, md.id);
  memory.release();
});

it('C150 CreateMapping refuses cache modes that are none', (m) => {
  m.enter(m.other, () => {
    const memory = memoryOf(m, contiguous(m, 1), m.pageSize);
    for (const options of [0x300, 0x1000, 0x8000, 0x901])
      assert.equal(memory.CreateMapping(options, 0, 0, 0), { result: kIOReturnBadArgument, map: null });
    for (const [options, cache] of [
      [kIOMemoryMapCacheModeInhibit, kIOMapInhibitCache],
      [kIOMemoryMapCacheModeCopyback, kIOMapCopybackCache],
      [kIOMemoryMapCacheModeWriteThrough, kIOMapWriteThruCache],
      [kIOMemoryMapCacheModeRealTime, kIOMapRealTimeCache],
    ] as const) {
      const { map } = memory.CreateMapping(options, 0, 0, 0);
      assert.is(new KernelMap(map!.id).getMapOptions() & 0xf00, cache);
      map!.release();
    }
    memory.release();
  });
});

it('C150 CreateMapping puts guards around a map unless it is told not to', (m) => {
  m.enter(m.other, () => {
    const address = contiguous(m, 1);
    m.client.store8(address + 8, 7);
    const memory = memoryOf(m, address, m.pageSize);
    const guarded = (map: IOMemoryMap): number => {
      const entry = m.spaceOf(m.other).lookup(map.GetAddress())!;
      const before = m.spaceOf(m.other).lookup(entry.start - 1);
      return before === null || before.object !== null ? 0 : before.end - before.start;
    };
    const { result, map } = memory.CreateMapping(0, 0, 8, 16);
    assert.is(result, kIOReturnSuccess);
    assert.is(m.other.load8(map!.GetAddress()), 7);
    assert.equal([map!.GetLength(), map!.GetOffset()], [16, 8]);
    assert.is(guarded(map!), m.pageSize);
    assert.throws(() => m.other.load8(map!.GetAddress() + m.pageSize), /protected/);
    const large = memory.CreateMapping(kIOMemoryMapGuardedLarge, 0, 0, 0).map!;
    assert.is(guarded(large), 65536);
    // Whatever comes before the next map has no guard behind it.
    m.other.allocate(m.pageSize);
    const bare = memory.CreateMapping(kIOMemoryMapGuardedNone, 0, 0, 0).map!;
    assert.is(guarded(bare), 0);
    const at = 2 ** 40;
    const placed = memory.CreateMapping(kIOMemoryMapFixedAddress, at, 0, 0, 12).map!;
    assert.is(placed.GetAddress(), at);
    assert.is(guarded(placed), 0);
    const more = memoryOf(m, contiguous(m, 1), m.pageSize);
    assert.equal(more.CreateMapping(kIOMemoryMapFixedAddress, at, 0, 0), { result: kIOReturnError, map: null });
    assert.is(memory.CreateMapping(0, 0, m.pageSize, 1).result, kIOReturnError);
    for (const one of [map!, large, bare, placed, more, memory]) one.release();
  });
});

it('C150 memory for devices to read is mapped for reading', (m) => {
  m.enter(m.other, () => {
    const address = contiguous(m, 1);
    for (const [direction, options, readOnly] of [
      [kIODirectionOut, 0, true],
      [kIODirectionIn, 0, false],
      [kIODirectionOutIn, 0, false],
      [kIODirectionOutIn, kIOMemoryMapReadOnly, true],
    ] as const) {
      const memory = memoryOf(m, address, m.pageSize, direction);
      const map = memory.CreateMapping(options, 0, 0, 0).map!;
      assert.is((new KernelMap(map.id).getMapOptions() & kIOMapReadOnly) !== 0, readOnly);
      if (readOnly) assert.throws(() => m.other.store8(map.GetAddress(), 1), /protected/);
      else m.other.store8(map.GetAddress(), 1);
      map.release();
      memory.release();
    }
  });
});

it('C150 CreateSubMemoryDescriptor checks options and range', (m) => {
  const memory = memoryOf(m, contiguous(m, 1), 64);
  const refused = { result: kIOReturnBadArgument, memory: null };
  const create = IOMemoryDescriptor.CreateSubMemoryDescriptor;
  assert.equal(create(kIOMemoryDirectionIn, 0, 16, null), refused);
  assert.equal(create(4, 0, 16, memory), refused);
  assert.equal(create(0x10, 0, 16, memory), refused);
  assert.equal(create(kIOMemoryDirectionIn, 60, 5, memory), refused);
  assert.equal(create(kIOMemoryDirectionIn, 2n ** 64n - 1n, 2, memory), refused);
  const { result, memory: part } = create(kIOMemoryDirectionOut, 48, 16, memory);
  assert.is(result, kIOReturnSuccess);
  assert.is(part!.GetLength().returnLength, 16);
  part!.release();
  memory.release();
});

it('C150 IODMACommand.Create checks its options and the bits of an address', (m) => {
  const create = (options: number, maxAddressBits: number) => IODMACommand.Create(null, options, { maxAddressBits });
  for (const bits of [-1, 1.5]) assert.throws(() => create(0, bits), /maxAddressBits: expected/);
  for (const refused of [create(1, 32), create(0, 256)])
    assert.equal(refused, { result: kIOReturnBadArgument, command: null });
  assert.equal(create(0, 3), { result: kIOReturnNoMemory, command: null }, 'less than a page');
  const command = makeCommand(Math.log2(m.pageSize));
  assert.is(new KernelCommand(command.id).getNumAddressBits(), Math.log2(m.pageSize));
  command.release();
});

it('C150 PrepareForDMA and CompleteDMA check their options; both are one call', (m) => {
  const address = scattered(m, 2);
  const memory = memoryOf(m, address, 2 * m.pageSize, kIODirectionIn);
  const command = makeCommand();
  const refused = { result: kIOReturnBadArgument, flags: 0, segments: [] };
  assert.equal(command.PrepareForDMA(1, memory, 0, 0), refused);
  assert.equal(command.PrepareForDMA(0, null, 0, 0), refused);
  assert.is(command.CompleteDMA(1), kIOReturnBadArgument);
  assert.equal(command.PrepareForDMA(0, memory, 0, 0), {
    result: kIOReturnSuccess,
    flags: kIOMemoryDirectionIn,
    segments: [0, 1].map((page) => ({ address: physical(m, address + page * m.pageSize), length: m.pageSize })),
  });
  assert.is(m.wires(m.client, address), 1);
  const prepared = command.GetPreparation();
  assert.equal([prepared.result, prepared.offset, prepared.length], [kIOReturnSuccess, 0, 2 * m.pageSize]);
  assert.is(prepared.memory!.id, memory.id);
  prepared.memory!.release();
  assert.is(command.PrepareForDMA(0, memory, 0, 0).result, kIOReturnBusy);
  assert.is(m.wires(m.client, address), 1);
  assert.is(command.CompleteDMA(0), kIOReturnSuccess);
  assert.is(m.wires(m.client, address), 0);
  assert.equal(command.GetPreparation(), { result: kIOReturnNotReady, offset: 0, length: 0, memory: null });
  assert.is(command.PrepareForDMA(0, memory, m.pageSize, 16, 1).segments.length, 1);
  command.CompleteDMA(0);
  assert.is(memory.getRetainCount(), 1);
  for (const object of [command, memory]) object.release();
});

it('C151 a failure leaves neither memory nor command prepared, and completing twice is NotReady', (m, semantics) => {
  const address = contiguous(m, 1);
  const memory = memoryOf(m, address, m.pageSize);
  const narrow = makeCommand(Math.log2(m.pageSize));
  assert.is(narrow.PrepareForDMA(0, memory, 0, 0).result === kIOReturnSuccess, false);
  assert.is(m.wires(m.client, address), 0);
  assert.is(narrow.CompleteDMA(0), kIOReturnNotReady);
  const command = makeCommand();
  const hole = memoryOf(m, address + m.pageSize, m.pageSize);
  assert.is(command.PrepareForDMA(0, hole, 0, 0).result, kIOReturnCannotWire);
  if (semantics === 'documented') {
    assert.is(command.PrepareForDMA(0, memory, 1, m.pageSize).result, kIOReturnBadArgument);
    assert.is(m.wires(m.client, address), 0);
  }
  assert.is(command.PrepareForDMA(0, memory, 0, 0, 0).result, kIOReturnBadArgument, 'no segments to list');
  assert.is(m.wires(m.client, address), 0);
  assert.is(memory.getRetainCount(), 1);
  assert.is(command.PrepareForDMA(0, memory, 0, 0).result, kIOReturnSuccess);
  assert.is(command.CompleteDMA(0), kIOReturnSuccess);
  assert.is(command.CompleteDMA(0), kIOReturnNotReady);
  assert.equal(m.violations, []);
  assert.equal([...m.kernelState.iokit.unbalancedPrepares()], []);
  for (const object of [narrow, command, memory, hole]) object.release();
});

it('calls on one command wait for each other, and a thread that dies lets the next one in', (m) => {
  const address = contiguous(m, 2);
  const memory = memoryOf(m, address, 2 * m.pageSize);
  const command = makeCommand();
  const [a, b] = ['a', 'b'].map((name) => new HandDriven(m, name).grant(command, memory)) as [HandDriven, HandDriven];
  const room = new Uint8Array(m.pageSize);
  const prepare = [command.id, memory.id, 0, 0, 32, room.length] as const;
  const first = a.begin(calls.prepareForDMA, [...prepare], room);
  assert.is(first, Status.Step, 'wiring holds no lock of its own');
  assert.is(b.begin(calls.completeDMA, [command.id, room.length], room), Status.Blocked);
  m.kernelState.endThread(a.thread);
  assert.is(m.wires(m.client, address), 0);
  assert.is(b.finish(b.step()), Status.Done);
  assert.is(b.result<number>(calls.completeDMA as never), kIOReturnNotReady);
  assert.is(b.finish(b.begin(calls.prepareForDMA, [...prepare], room)), Status.Done);
  assert.is(b.result<{ result: number }>(calls.prepareForDMA as never).result, kIOReturnSuccess);
  assert.is(command.CompleteDMA(0), kIOReturnSuccess);
  for (const object of [command, memory]) object.release();
});

it('C150 PerformOperation checks, in the order of the table', (m) => {
  const address = contiguous(m, 1);
  const memory = memoryOf(m, address, 64);
  const dataAddress = contiguous(m, 1);
  const md = KernelDescriptor.withAddressRange(dataAddress, 32, kIODirectionOutIn, m.client);
  md.prepare();
  const data = OSDynamicCast(IOMemoryDescriptor, md)!;
  const command = makeCommand();
  const [read, write, zero] = [
    kIODMACommandPerformOperationOptionRead,
    kIODMACommandPerformOperationOptionWrite,
    kIODMACommandPerformOperationOptionZero,
  ];
  assert.is(command.PerformOperation(8, 0, 1, 0, data), kIOReturnBadArgument);
  assert.is(command.PerformOperation(read, 0, 1, 0, data), kIOReturnNotReady);
  command.PrepareForDMA(0, memory, 8, 40);
  assert.is(command.PerformOperation(read, 0, 65, 0, data), kIOReturnBadArgument);
  for (const options of [0, read | write, read | zero, 7])
    assert.is(command.PerformOperation(options, 0, 1, 0, data), kIOReturnBadArgument);
  assert.is(command.PerformOperation(read, 0, 1, 0, null), kIOReturnBadArgument);
  assert.is(command.PerformOperation(write, 0, 33, 0, data), kIOReturnBadArgument);

  m.client.write(dataAddress, Uint8Array.of(1, 2, 3, 4));
  assert.is(command.PerformOperation(write, 2, 3, 1, data), kIOReturnSuccess);
  assert.equal([...m.client.read(address + 8, 6)], [0, 0, 2, 3, 4, 0]);
  assert.is(command.PerformOperation(read, 3, 2, 30, data), kIOReturnSuccess);
  assert.equal([...m.client.read(dataAddress + 30, 2)], [3, 4]);
  assert.is(command.PerformOperation(zero, 3, 1, 0, null), kIOReturnSuccess);
  assert.equal([...m.client.read(address + 8, 6)], [0, 0, 2, 0, 4, 0]);
  for (const [options, dmaOffset, dataOffset] of [
    [zero, 39, 0],
    [read, 39, 0],
    [write, 39, 0],
    [write, 0, 31],
    [read, 0, 31],
  ] as const)
    assert.is(command.PerformOperation(options, dmaOffset, 2, dataOffset, data), kIOReturnUnderrun);
  command.CompleteDMA(0);
  md.complete();
  for (const object of [command, memory, data]) object.release();
});

it('a device that cannot reach the memory is MessageTooLarge or gets a copy', (m) => {
  const bits = Math.log2(m.pageSize) + 2;
  for (let i = 0; i < 4; i++) m.touch(m.other, m.other.allocate(m.pageSize), 1);
  const address = contiguous(m, 1);
  const memory = memoryOf(m, address, 16);
  const command = makeCommand(bits);
  const { result } = command.PrepareForDMA(0, memory, 0, 0);
  assert.ok(result !== kIOReturnSuccess && result !== kIOReturnMessageTooLarge, 'no low frame is left');
  assert.is(m.wires(m.client, address), 0);
  for (const object of [command, memory]) object.release();
});

run();
