/** setPurgeable: the state machine, who may ask for what, and what memory pressure takes (xnu-reference 3.5). */
import * as assert from 'uvu/assert';
import {
  kIODirectionOutIn,
  kIOMapAnywhere,
  kIOMemoryBufferPageable,
  kIOMemoryPurgeableEmpty,
  kIOMemoryPurgeableFaultOnAccess,
  kIOMemoryPurgeableKeepCurrent,
  kIOMemoryPurgeableNonVolatile,
  kIOMemoryPurgeableVolatile,
  kIOMemoryPurgeableVolatileBehaviorLifo,
  kIOMemoryPurgeableVolatileGroup1,
  kIOMemoryPurgeableVolatileGroup3,
  kIOMemoryPurgeableVolatileOrderingObsolete,
} from '../../src/iokit/options.ts';
import { kIOReturnBadArgument, kIOReturnNotReady, kIOReturnUnsupported } from '../../src/iokit/return-codes.ts';
import { IOMemoryDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import { IOMultiMemoryDescriptor } from '../../src/task/iokit/io-multi-memory-descriptor.ts';
import { IOSubMemoryDescriptor } from '../../src/task/iokit/io-sub-memory-descriptor.ts';
import { MemoryObject } from '../../src/task/iokit/memory-object.ts';
import { VM_PROT_READ } from '../../src/task/task.ts';
import { purgeNext } from '../../src/vm/purgeable.ts';
import { machineSuite, type TestMachine } from '../support/machine.ts';

const suite = machineSuite('purgeable memory');
const states = [kIOMemoryPurgeableNonVolatile, kIOMemoryPurgeableVolatile, kIOMemoryPurgeableEmpty];

/** The purger takes one object, if there is one. */
const pressure = ({ kernelState: { vm } }: TestMachine): boolean => purgeNext(vm, { pool: 0 });

function purgeable(machine: TestMachine, value: number, mapped: boolean, pages = 2) {
  const { client, other, pageSize } = machine;
  const address = client.allocate(pages * pageSize, { purgeable: true });
  client.store32(address, value);
  client.store32(address + pageSize, value);
  const descriptor = IOMemoryDescriptor.withAddressRange(address, pages * pageSize, kIODirectionOutIn, client);
  const map = mapped ? descriptor.createMappingInTask(other, 0, kIOMapAnywhere) : null;
  const words = (): number[] => [client.load32(address), client.load32(address + pageSize)];
  const release = (): void => {
    map?.release();
    descriptor.release();
  };
  return { address, descriptor, words, release };
}

type Piece = ReturnType<typeof purgeable>;

/** Table 3.5: from, request → state afterwards, whether the contents are as they were. */
const table: [from: number, request: number, to: number, kept: boolean][] = [
  [2, kIOMemoryPurgeableKeepCurrent, 2, true],
  [2, 2, 2, true],
  [2, 3, 3, true],
  [2, 4, 4, false],
  [3, kIOMemoryPurgeableKeepCurrent, 3, true],
  [3, 2, 2, true],
  [3, 3, 3, true],
  [3, 4, 4, false],
  [4, kIOMemoryPurgeableKeepCurrent, 4, false],
  [4, 2, 2, false],
  [4, 3, 4, false],
  [4, 4, 4, false],
];

for (const mapped of [false, true]) {
  suite.case(
    `C80: each state, each request, ${mapped ? 'through the reference' : 'through the task’s map'}`,
    (machine) => {
      for (const [from, request, to, kept] of table) {
        const before = machine.freeFrames;
        const { descriptor, words, release, address } = purgeable(machine, 77, mapped);
        if (from !== 2) assert.equal(descriptor.setPurgeable(from), { result: 0, oldState: 2 });
        assert.equal(descriptor.setPurgeable(request), { result: 0, oldState: from }, `${from} → ${request}`);
        assert.equal(descriptor.setPurgeable(1), { result: 0, oldState: to }, `${from} → ${request}`);
        if (to === 4) assert.is(machine.freeFrames, before);
        assert.equal(words(), kept ? [77, 77] : [0, 0], `${from} → ${request}`);
        machine.client.store32(address, 5);
        assert.equal(descriptor.setPurgeable(1), { result: 0, oldState: to });
        assert.is(words()[0], 5);
        release();
        machine.client.deallocate(address, 2 * machine.pageSize);
        assert.is(machine.freeFrames, before);
      }
    },
  );
}

suite.case('C81: words without a state are bad arguments; groups and orders are accepted', (machine) => {
  for (const mapped of [false, true]) {
    const { descriptor, release } = purgeable(machine, 1, mapped);
    for (const word of [0, 5, 15, 0x300]) assert.is(descriptor.setPurgeable(word).result, kIOReturnBadArgument);
    assert.equal(descriptor.setPurgeable(1), { result: 0, oldState: 2 });
    const word = kIOMemoryPurgeableVolatile | kIOMemoryPurgeableVolatileGroup3 | kIOMemoryPurgeableVolatileBehaviorLifo;
    assert.equal(descriptor.setPurgeable(word), { result: 0, oldState: 2 });
    assert.equal(descriptor.setPurgeable(1), { result: 0, oldState: 3 });
    release();
  }
});

suite.case('C82: who is refused, and with which code', (machine) => {
  const { client, other, kernel, pageSize } = machine;
  const describe = (address: number, length: number, options = kIODirectionOutIn, task = client) =>
    IOMemoryDescriptor.withAddressRange(address, length, options, task);
  const plain = client.allocate(pageSize);
  assert.equal(describe(plain, pageSize).setPurgeable(3), { result: 4, oldState: 0 });
  const mappedPlain = describe(plain, pageSize);
  mappedPlain.createMappingInTask(other, 0, kIOMapAnywhere);
  assert.equal(mappedPlain.setPurgeable(3), { result: 4, oldState: 2 });
  assert.equal(describe(pageSize * 5, pageSize).setPurgeable(3), { result: 1, oldState: 0 });
  assert.is(IOMemoryDescriptor.withPhysicalAddress(pageSize, pageSize, 3).setPurgeable(3).result, kIOReturnUnsupported);
  const a = client.allocate(2 * pageSize, { purgeable: true });
  client.protect(a, 2 * pageSize, VM_PROT_READ);
  assert.equal(describe(a, 2 * pageSize).setPurgeable(3), { result: 2, oldState: 0 });
  assert.equal(describe(a, 2 * pageSize).setPurgeable(1), { result: 0, oldState: 2 });
  client.protect(a, 2 * pageSize, 3);
  assert.equal(describe(a, pageSize).setPurgeable(3), { result: 0, oldState: 2 });
  const part = describe(a, pageSize);
  part.createMappingInTask(other, 0, kIOMapAnywhere);
  assert.equal(part.setPurgeable(2), { result: 4, oldState: 2 });
  assert.equal(describe(a, 2 * pageSize).setPurgeable(1), { result: 0, oldState: 3 });
  const k = kernel.allocate(pageSize, { purgeable: true });
  const pageable = describe(k, pageSize, kIODirectionOutIn | kIOMemoryBufferPageable, kernel);
  assert.is(pageable.setPurgeable(3).result, kIOReturnNotReady);
});

suite.case(
  'C83: several objects together are as volatile as the most volatile of them; a part asks its whole',
  (machine) => {
    const { client, other, pageSize } = machine;
    const pieces = [3, 4, 2].map((state) => {
      const address = client.allocate(pageSize, { purgeable: true });
      const descriptor = IOMemoryDescriptor.withAddressRange(address, pageSize, kIODirectionOutIn, client);
      descriptor.setPurgeable(state);
      descriptor.release();
      return { address, length: pageSize };
    });
    for (const [which, old] of [
      [pieces, 4],
      [[pieces[0]!, pieces[2]!], 3],
      [[pieces[2]!], 2],
    ] as const) {
      const descriptor = IOMemoryDescriptor.withAddressRanges([...which], kIODirectionOutIn, client);
      const map = descriptor.createMappingInTask(other, 0, kIOMapAnywhere);
      const part = IOSubMemoryDescriptor.withSubRange(descriptor, 0, pageSize, kIODirectionOutIn);
      assert.equal(descriptor.setPurgeable(1), { result: 0, oldState: old });
      assert.equal(part.setPurgeable(1), { result: 0, oldState: old });
      for (const object of [part, map, descriptor]) object.release();
    }
  },
);

for (const mapped of [false, true])
  suite.case(`C83: a multi descriptor of purgeable pieces, ${mapped ? 'mapped' : 'never mapped'}`, (machine) => {
    const { client } = machine;
    const piece = (state: number) => {
      const made = purgeable(machine, 7, mapped);
      assert.is(made.descriptor.setPurgeable(state).result, 0);
      return made;
    };
    const [nonVolatile, volatile, empty] = states.map(piece) as [Piece, Piece, Piece];
    const multi = (...pieces: { descriptor: IOMemoryDescriptor }[]) => {
      const descriptors = pieces.map(({ descriptor }) => descriptor);
      return IOMultiMemoryDescriptor.withDescriptors(descriptors, kIODirectionOutIn, false);
    };
    const ask = (md: IOMemoryDescriptor, state = kIOMemoryPurgeableKeepCurrent) => {
      const answer = md.setPurgeable(state);
      md.release();
      return answer;
    };
    assert.equal(ask(multi(volatile, empty, nonVolatile)), { result: 0, oldState: kIOMemoryPurgeableEmpty });
    assert.equal(ask(multi(volatile, nonVolatile)), { result: 0, oldState: kIOMemoryPurgeableVolatile });
    assert.equal(ask(multi(nonVolatile, nonVolatile)), { result: 0, oldState: kIOMemoryPurgeableNonVolatile });
    const all = multi(volatile, empty, nonVolatile);
    assert.equal(all.setPurgeable(kIOMemoryPurgeableVolatile), { result: 0, oldState: kIOMemoryPurgeableEmpty });
    // What is empty stays so.
    assert.equal(
      [nonVolatile, volatile, empty].map(({ descriptor }) => descriptor.setPurgeable(1).oldState),
      [3, 3, 4],
    );
    const plain = IOMemoryDescriptor.withAddressRange(client.allocate(16), 16, kIODirectionOutIn, client);
    assert.is(ask(multi(volatile, { descriptor: plain }, nonVolatile), kIOMemoryPurgeableNonVolatile).result, 4);
    const states3 = [volatile, nonVolatile].map(({ descriptor }) => descriptor.setPurgeable(1).oldState);
    assert.equal(states3, [2, 3], 'those after the failure are as they were');
    for (const one of [all, plain]) one.release();
    for (const { release } of [nonVolatile, volatile, empty]) release();
  });

suite.case('C84: wired pages stay under pressure, and go after complete', (machine) => {
  const { descriptor, words, release } = purgeable(machine, 9, true);
  assert.is(descriptor.prepare(), 0);
  descriptor.setPurgeable(kIOMemoryPurgeableVolatile);
  assert.is(pressure(machine), false);
  assert.equal(words(), [9, 9]);
  descriptor.complete();
  assert.is(pressure(machine), true);
  assert.equal(descriptor.setPurgeable(kIOMemoryPurgeableNonVolatile), {
    result: 0,
    oldState: kIOMemoryPurgeableEmpty,
  });
  assert.equal(words(), [0, 0]);
  release();
});

suite.case('emptying by hand leaves wired pages where they are', (machine) => {
  const { address, descriptor, words, release } = purgeable(machine, 9, true);
  const first = IOMemoryDescriptor.withAddressRange(address, 4, kIODirectionOutIn, machine.client);
  assert.is(first.prepare(), 0);
  descriptor.setPurgeable(kIOMemoryPurgeableEmpty);
  assert.equal(words(), [9, 0]);
  first.complete();
  first.release();
  release();
});

suite.case('a full memory takes what is volatile before it refuses', (machine) => {
  const { client, pageSize } = machine;
  const { address, descriptor, words, release } = purgeable(machine, 9, false);
  const room = machine.freeFrames;
  const other = client.allocate((room + 1) * pageSize);
  for (let page = 0; page < room; page++) client.store8(other + page * pageSize, 1);
  assert.throws(() => client.store8(other + room * pageSize, 1), /out of memory/);
  descriptor.setPurgeable(kIOMemoryPurgeableVolatile);
  client.store8(other + room * pageSize, 1);
  assert.equal(descriptor.setPurgeable(1), { result: 0, oldState: kIOMemoryPurgeableEmpty });
  client.deallocate(other, (room + 1) * pageSize);
  assert.equal(words(), [0, 0]);
  release();
  client.deallocate(address, 2 * pageSize);
});

suite.case('objects are emptied in order: obsolete ones, then by group, last in first out where asked', (machine) => {
  const orders = [
    kIOMemoryPurgeableVolatileGroup1,
    0,
    kIOMemoryPurgeableVolatileGroup1 | kIOMemoryPurgeableVolatileBehaviorLifo,
    kIOMemoryPurgeableVolatileGroup3 | kIOMemoryPurgeableVolatileOrderingObsolete,
    0,
  ];
  const objects = orders.map((order) => {
    const made = purgeable(machine, 1, false);
    made.descriptor.setPurgeable(kIOMemoryPurgeableVolatile | order);
    return made;
  });
  const order: number[] = [];
  while (pressure(machine)) {
    objects.forEach(({ descriptor }, i) => {
      if (descriptor.setPurgeable(1).oldState === 4 && !order.includes(i)) order.push(i);
    });
  }
  assert.equal(order, [3, 1, 4, 2, 0]);
  for (const { release } of objects) release();
});

suite.case('FaultOnAccess: the next access faults, and finds what is there', (machine) => {
  const { address, descriptor, words, release } = purgeable(machine, 9, false);
  descriptor.setPurgeable(kIOMemoryPurgeableVolatile | kIOMemoryPurgeableFaultOnAccess);
  assert.is(machine.frameOf(machine.client, address), 0);
  assert.equal(words(), [9, 9]);
  release();
});

suite.case('a copy of purgeable memory is one for good', (machine) => {
  const { client, other, pageSize } = machine;
  const { address, descriptor, release } = purgeable(machine, 9, false);
  const copy = other.remap(client, address, 2 * pageSize, { copy: true });
  descriptor.setPurgeable(kIOMemoryPurgeableEmpty);
  assert.equal([client.load32(address), other.load32(copy)], [0, 9]);
  release();
});

suite.case('memory objects by themselves are not purgeable', (machine) => {
  const { client, pageSize } = machine;
  const address = client.map(machine.enter(machine.kernel, () => MemoryObject.withSize(pageSize)));
  const descriptor = IOMemoryDescriptor.withAddressRange(address, pageSize, kIODirectionOutIn, client);
  for (const state of states) assert.is(descriptor.setPurgeable(state).result, 4);
  descriptor.release();
});

suite.run();
