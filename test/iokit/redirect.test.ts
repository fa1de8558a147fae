/** Redirecting maps and descriptors: the cases C70 to C76 of the reference, on the rules of its sections 3.4.8 and 3.4.9. */
import * as assert from 'uvu/assert';
import {
  kIODirectionIn,
  kIODirectionOut,
  kIODirectionOutIn,
  kIOMapAnywhere,
  kIOMapGuardedSmall,
  kIOMapOverwrite,
  kIOMapReadOnly,
  kIOMapUnique,
  kIOMemoryRedirected,
  kIOMemoryTypeVirtual,
} from '../../src/iokit/options.ts';
import { kIOReturnError, kIOReturnSuccess } from '../../src/iokit/return-codes.ts';
import { Status } from '../../src/kernel/call.ts';
import { calls } from '../../src/kernel/calls/index.ts';
import { stateHash } from '../../src/kernel/state-hash.ts';
import { IOMemoryDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import type { IOMemoryMap } from '../../src/task/iokit/io-memory-map.ts';
import { IOMultiMemoryDescriptor } from '../../src/task/iokit/io-multi-memory-descriptor.ts';
import { IOSubMemoryDescriptor } from '../../src/task/iokit/io-sub-memory-descriptor.ts';
import type { Task } from '../../src/task/task.ts';
import { KERN_SUCCESS } from '../../src/vm/kern-return.ts';
import { VM_PROT_READ } from '../../src/vm/map-entry.ts';
import { machineSuite, type TestMachine } from '../support/machine.ts';
import { HandDriven } from '../support/thread.ts';

const { case: it, run } = machineSuite('redirect');
const unique = kIOMapAnywhere | kIOMapUnique;
const notMapped = 1;

/** A descriptor of `pages` pages of `other`, each beginning with `first` plus its number. */
function memory(m: TestMachine, first: number, pages = 2, direction = kIODirectionOutIn) {
  const address = m.other.allocate(pages * m.pageSize);
  for (let page = 0; page < pages; page++) m.other.store32(address + page * m.pageSize, first + page);
  return { address, md: IOMemoryDescriptor.withAddressRange(address, pages * m.pageSize, direction, m.other) };
}

function threadOf(m: TestMachine, task: Task, name = `${task.name}.thread`): HandDriven {
  return new HandDriven(
    m,
    name,
    m.kernelState.tasks.find((one) => one.name === task.name),
  );
}

/** A thread of `task` touches `address`: what its fault says, or that it sleeps. */
function touch(thread: HandDriven, address: number): number {
  return thread.begin(calls.fault, [address, VM_PROT_READ]);
}

/** The answer of a fault that slept; the thread must have been woken. */
function wakesWith(thread: HandDriven): number {
  assert.is(thread.thread.waitingIn, null, 'it was woken');
  assert.is(thread.step(), Status.Done);
  return thread.result(calls.fault as never);
}

it('C70 redirected to nothing, accesses wait; redirected back, they find the same bytes', (m, semantics) => {
  const { md } = memory(m, 0x100);
  const map = md.createMappingInTask(m.client, 0, unique);
  const elsewhere = md.createMappingInTask(m.kernel, 0, unique);
  const at = map.getVirtualAddress();
  m.client.store32(at, 7);
  assert.is(map.redirect(null), kIOReturnSuccess);
  const [first, second, third] = [threadOf(m, m.client), threadOf(m, m.client, 'second'), threadOf(m, m.kernel)];
  assert.is(touch(first, at), Status.Blocked);
  assert.is(touch(second, at + m.pageSize), Status.Blocked);
  assert.match(
    first.thread.waitingIn!.subject,
    /the (memory of the )?map of client at 0x[0-9a-f]+, which .* redirected to nothing/,
  );
  // In the sources all maps of the memory wait.
  const through = touch(third, elsewhere.getVirtualAddress());
  assert.is(through, semantics === 'xnu' ? Status.Blocked : Status.Done);
  assert.is(map.redirect(md), kIOReturnSuccess);
  for (const thread of semantics === 'xnu' ? [first, second, third] : [first, second])
    assert.is(wakesWith(thread), KERN_SUCCESS);
  assert.is(m.client.load32(at), 7);
  assert.is(m.client.load32(at + m.pageSize), 0x101);
  assert.is(map.getMemoryDescriptor().id, md.id);
  map.release();
  elsewhere.release();
});

it('C71 C72 redirected to other memory, a map keeps address and length and shows it whole', (m, semantics) => {
  const one = memory(m, 0x100);
  const two = memory(m, 0x200);
  const references = one.md.getRetainCount();
  const map = one.md.createMappingInTask(m.client, 0, unique);
  const third = one.md.createMappingInTask(m.client, 0, unique);
  const at = map.getVirtualAddress();
  m.client.load32(at);
  map.redirect(null);
  const thread = threadOf(m, m.client);
  assert.is(touch(thread, at + m.pageSize), Status.Blocked);
  assert.is(map.redirect(two.md), kIOReturnSuccess);
  assert.is(wakesWith(thread), KERN_SUCCESS);
  assert.is(map.getVirtualAddress(), at);
  assert.is(map.getLength(), 2 * m.pageSize);
  assert.is(map.getMemoryDescriptor().id, two.md.id);
  assert.is(one.md.getRetainCount(), references + 1, 'the other map is left');
  for (const page of [0, 1]) assert.is(m.client.load32(at + page * m.pageSize), 0x200 + page);
  // Exchanged, the contents show through every map of either; otherwise nobody else notices.
  const shown = semantics === 'xnu' ? 0x200 : 0x100;
  assert.is(m.client.load32(third.getVirtualAddress()), shown);
  assert.is(m.other.load32(one.address), shown);
  assert.is(m.other.load32(two.address), 0x300 - shown);
  assert.is(map.redirect(one.md), kIOReturnSuccess);
  for (const page of [0, 1]) assert.is(m.client.load32(at + page * m.pageSize), 0x100 + page);
  assert.is(m.other.load32(two.address), 0x200);
  assert.is(m.client.load32(third.getVirtualAddress() + m.pageSize), 0x101);
  map.release();
  third.release();
  assert.is(one.md.getRetainCount(), references);
});

it(
  'C72 stores go to the memory that is shown, and segments follow',
  (m) => {
    const one = memory(m, 0x100);
    const two = memory(m, 0x200, 4);
    const map = one.md.createMappingInTask(m.client, 0, unique);
    const at = map.getVirtualAddress();
    m.client.store32(at, 1);
    assert.is(map.redirect(two.md, 0, m.pageSize), kIOReturnSuccess);
    assert.is(m.client.load32(at), 0x201);
    m.client.store32(at, 99);
    assert.is(m.other.load32(two.address + m.pageSize), 99);
    assert.is(m.other.load32(one.address), 1);
    two.md.prepare();
    assert.is(map.getPhysicalAddress(), two.md.getPhysicalSegment(m.pageSize).address);
    assert.is(map.getPhysicalSegment(0).length, 2 * m.pageSize);
    two.md.complete();
    map.release();
  },
  ['documented'],
);

it(
  'C73 a redirect that cannot be changes nothing',
  (m) => {
    const one = memory(m, 0x100);
    const shorter = memory(m, 0x200, 1);
    const longer = memory(m, 0x300, 3);
    const readOnly = m.other.allocate(2 * m.pageSize, { protection: VM_PROT_READ });
    const nowhere = IOMemoryDescriptor.withAddressRange(2 ** 40, 2 * m.pageSize, kIODirectionOut, m.other);
    const map = one.md.createMappingInTask(m.client, 0, unique);
    const at = map.getVirtualAddress();
    const shifted = IOSubMemoryDescriptor.withSubRange(longer.md, 8, 2 * m.pageSize, kIODirectionOutIn);
    const refused: [IOMemoryDescriptor, number][] = [
      [shorter.md, 0],
      [longer.md, 2 * m.pageSize],
      [longer.md, 8],
      [shifted, 0],
      [nowhere, 0],
      [IOMemoryDescriptor.withAddressRange(readOnly, 2 * m.pageSize, kIODirectionOut, m.other), 0],
    ];
    for (const state of ['open', 'shut']) {
      if (state === 'shut') map.redirect(null);
      for (const [target, offset] of refused) {
        const references = [map.getRetainCount(), target.getRetainCount(), one.md.getRetainCount()];
        assert.is(map.redirect(target, 0, offset), kIOReturnError);
        assert.equal([map.getRetainCount(), target.getRetainCount(), one.md.getRetainCount()], references);
        assert.is(map.getMemoryDescriptor().id, one.md.id);
      }
    }
    const thread = threadOf(m, m.client);
    assert.is(touch(thread, at), Status.Blocked, 'it waits still');
    // Not even what a view takes is kept: it still follows its task.
    m.other.deallocate(shorter.address, m.pageSize);
    assert.is.not(shorter.md.prepare(), kIOReturnSuccess);
    map.redirect(one.md);
    assert.is(wakesWith(thread), KERN_SUCCESS);
    assert.is(m.client.load32(at), 0x100);
    map.release();
  },
  ['documented'],
);

it(
  'C73 in the sources a redirect that fails takes the map away from its holder',
  (m) => {
    const one = memory(m, 0x100);
    const shorter = memory(m, 0x200, 1);
    const map = one.md.createMappingInTask(m.client, 0, unique);
    const at = map.getVirtualAddress();
    map.redirect(null);
    const thread = threadOf(m, m.client);
    assert.is(touch(thread, at), Status.Blocked);
    assert.is(map.redirect(shorter.md), kIOReturnError);
    assert.equal(m.violations, ['dangling-mapping']);
    assert.is(wakesWith(thread), notMapped);
    assert.throws(
      () => map.getLength(),
      (error: Error) => error.name === 'HandleError',
    );
  },
  ['xnu'],
);

it('physical memory is not exchanged: a map of it shows other physical memory', (m, semantics) => {
  const { pageSize } = m;
  const physical = (page: number, pages = 1) => ({ address: page * pageSize, length: pages * pageSize });
  const describe = (...ranges: { address: number; length: number }[]) =>
    IOMemoryDescriptor.withAddressRanges(ranges, kIODirectionOutIn, null);
  const [one, two, scattered] = [
    describe(physical(16, 2)),
    describe(physical(20, 2)),
    describe(physical(24), physical(28)),
  ];
  const map = one.createMappingInTask(m.client, 0, unique);
  const at = map.getVirtualAddress();
  m.client.store8(at, 1);
  const watch = two.createMappingInTask(m.client, 0, unique);
  m.client.store8(watch.getVirtualAddress(), 2);
  map.redirect(null);
  const thread = threadOf(m, m.client);
  assert.is(touch(thread, at), Status.Blocked);
  assert.is(map.redirect(two), kIOReturnSuccess);
  assert.is(wakesWith(thread), KERN_SUCCESS);
  assert.is(m.client.load8(at), 2);
  assert.is(m.client.load8(watch.getVirtualAddress()), 2);
  if (semantics === 'documented') {
    assert.is(map.redirect(scattered), kIOReturnSuccess);
    assert.equal(map.getPhysicalSegment(pageSize), { address: 28 * pageSize, length: pageSize });
    map.release();
  } else {
    assert.is(map.redirect(scattered), kIOReturnError, 'it is not one segment');
    assert.equal(m.violations, ['dangling-mapping']);
  }
  watch.release();
});

it(
  'in the sources what cannot be exchanged is taken for exchanged',
  (m) => {
    const one = memory(m, 0x100, 2);
    const two = memory(m, 0x200, 4);
    const map = one.md.createMappingInTask(m.client, 0, unique);
    const at = map.getVirtualAddress();
    assert.is(map.redirect(two.md), kIOReturnSuccess);
    assert.is(m.client.load32(at), 0x100, 'the wrong memory is shown');
    assert.is(map.getMemoryDescriptor().id, two.md.id);
    const bytes = new Uint8Array(1);
    two.md.prepare();
    two.md.readBytes(0, bytes);
    two.md.complete();
    assert.is(bytes[0], 0, 'and the other descriptor reads it, too');
    map.release();
  },
  ['xnu'],
);

it('a redirect is rolled back whole', (m) => {
  const one = memory(m, 0x100);
  const two = memory(m, 0x200);
  const map = one.md.createMappingInTask(m.client, 0, unique);
  const at = map.getVirtualAddress();
  m.client.load32(at);
  map.redirect(null);
  map.redirect(one.md);
  m.hardware.journal.base();
  const before = stateHash(m.kernelState);
  map.redirect(null);
  assert.is.not(stateHash(m.kernelState), before);
  map.redirect(two.md);
  m.client.store32(at, 1);
  map.redirect(null);
  m.hardware.journal.rollback();
  assert.is(stateHash(m.kernelState), before);
  assert.is(m.client.load32(at), 0x100);
  assert.is(m.other.load32(two.address), 0x200);
  map.release();
});

it('C74 of a map that is unmapped nothing is redirected; twice to nothing is once', (m) => {
  const { md } = memory(m, 0x100);
  const map = md.createMappingInTask(m.client, 0, unique);
  const at = map.getVirtualAddress();
  assert.is(map.redirect(null), kIOReturnSuccess);
  assert.is(map.redirect(null), kIOReturnSuccess);
  const thread = threadOf(m, m.client);
  assert.is(touch(thread, at), Status.Blocked);
  assert.is(map.redirect(md), kIOReturnSuccess);
  assert.is(wakesWith(thread), KERN_SUCCESS);
  assert.is(m.client.load32(at), 0x100);
  map.unmap();
  assert.is(map.redirect(null), kIOReturnSuccess);
  assert.is(map.redirect(md), kIOReturnSuccess);
  assert.is(map.getVirtualAddress(), 0);
  map.release();
});

const ends: [string, (m: TestMachine, map: IOMemoryMap, at: number) => void][] = [
  ['released', (_m, map) => map.release()],
  ['unmapped', (_m, map) => void map.unmap()],
  ['deallocated by its task', (m, _map, at) => m.client.deallocate(at, 2 * m.pageSize)],
];
for (const [name, end] of ends) {
  it(`C75 nobody stays asleep at a map that is ${name}`, (m) => {
    const { md } = memory(m, 0x100);
    const map = md.createMappingInTask(m.client, 0, unique);
    const at = map.getVirtualAddress();
    map.redirect(null);
    const threads = [threadOf(m, m.client), threadOf(m, m.client, 'second')];
    for (const thread of threads) assert.is(touch(thread, at), Status.Blocked);
    end(m, map, at);
    for (const thread of threads) assert.is(wakesWith(thread), notMapped);
    if (name !== 'released') map.release();
  });
}

it('C75 an overwriting map leaves its memory, and opens it', (m) => {
  const { md } = memory(m, 0x100);
  const at = m.client.allocate(2 * m.pageSize);
  const map = md.createMappingInTask(m.client, at, kIOMapOverwrite | kIOMapUnique);
  map.redirect(null);
  const thread = threadOf(m, m.client);
  assert.is(touch(thread, at), Status.Blocked);
  map.release();
  assert.is(wakesWith(thread), KERN_SUCCESS);
  assert.is(m.client.load32(at), 0x100);
});

it('the task of a redirected map may die, and so may whoever waits', (m) => {
  const { md } = memory(m, 0x100);
  const map = md.createMappingInTask(m.client, 0, unique);
  const kernelMap = md.createMappingInTask(m.kernel, 0, unique);
  map.redirect(null);
  const thread = threadOf(m, m.client);
  assert.is(touch(thread, map.getVirtualAddress()), Status.Blocked);
  m.kill(m.client);
  assert.is(map.getAddressTask(), null);
  assert.is(map.redirect(md), kIOReturnSuccess);
  map.release();
  assert.is(m.kernel.load32(kernelMap.getVirtualAddress()), 0x100);
  kernelMap.release();
});

it('the death of the task that holds a redirected map alone lets the others go on', (m) => {
  const { md } = memory(m, 0x100);
  const owner = threadOf(m, m.other, 'other.owner').grant(md, m.client);
  assert.is(owner.begin(calls.createMappingInTask, [md.id, m.client.id, 0, unique, 0, 0]), Status.Done);
  const map = owner.result(calls.createMappingInTask as never) as number;
  assert.is(owner.begin(calls.getVirtualAddress, [map]), Status.Done);
  const at = owner.result(calls.getVirtualAddress as never) as number;
  assert.is(owner.begin(calls.redirectMap, [map, 0, 0, 0]), Status.Done);
  const thread = threadOf(m, m.client);
  assert.is(touch(thread, at), Status.Blocked);
  m.kill(m.other);
  assert.is(wakesWith(thread), notMapped);
});

it('what wires or copies through the addresses of a redirected map waits, too', (m) => {
  const { md } = memory(m, 0x100);
  const map = md.createMappingInTask(m.client, 0, unique);
  const at = map.getVirtualAddress();
  const outer = IOMemoryDescriptor.withAddressRange(at, 2 * m.pageSize, kIODirectionOut, m.client);
  map.redirect(null);
  const wirer = threadOf(m, m.kernel, 'kernel.wirer').grant(outer);
  assert.is(wirer.begin(calls.prepare, [outer.id, 0]), Status.Blocked);
  const copier = threadOf(m, m.kernel, 'kernel.copier').grant(m.client);
  assert.is(copier.begin(calls.bufferWithCopy, [m.kernel.id, 0x22, m.client.id, at, 4]), Status.Blocked);
  const range = threadOf(m, m.kernel, 'kernel.range').grant(map);
  assert.is(range.begin(calls.wireRange, [map.id, kIODirectionIn, 0, 1]), Status.Blocked);
  map.redirect(md);
  for (const thread of [wirer, copier, range]) assert.is(thread.finish(thread.step()), Status.Done);
  assert.is(range.begin(calls.wireRange, [map.id, 0, 0, 1]), Status.Done);
  outer.complete();
  const atomic = threadOf(m, m.client, 'client.atomic');
  map.redirect(null);
  assert.is(atomic.begin(calls.atomicNotify, [at, 1]), Status.Blocked);
  map.redirect(md);
  assert.is(atomic.step(), Status.Done);
  map.release();
});

it(
  'parts of a redirected map go with it; a part alone, or what was there before, is not redirected',
  (m) => {
    const one = memory(m, 0x100, 3);
    const two = memory(m, 0x200, 3);
    const map = one.md.createMappingInTask(m.client, 0, kIOMapAnywhere);
    const part = one.md.createMappingInTask(m.client, 0, kIOMapAnywhere, m.pageSize, m.pageSize);
    const inner = one.md.createMappingInTask(m.client, 0, kIOMapAnywhere, m.pageSize + 8, 8);
    const at = part.getVirtualAddress();
    assert.is(part.redirect(two.md), kIOReturnError);
    assert.is(part.redirect(null), kIOReturnError);
    assert.is(map.redirect(two.md), kIOReturnSuccess);
    assert.is(part.getMemoryDescriptor().id, two.md.id);
    assert.is(inner.getMemoryDescriptor().id, two.md.id);
    inner.release();
    assert.is(m.client.load32(at), 0x201);
    const same = two.md.createMappingInTask(m.client, 0, kIOMapAnywhere, m.pageSize, m.pageSize);
    assert.is(same.getVirtualAddress(), at);
    for (const each of [same, part, map]) each.release();
    const fixed = one.md.setMapping(m.other, one.address);
    assert.is(fixed.redirect(null), kIOReturnError);
    assert.is(fixed.redirect(two.md), kIOReturnError);
    assert.is(m.other.load32(one.address), 0x100);
    fixed.release();
  },
  ['documented'],
);

it(
  'a map with guards, or read-only, keeps both',
  (m) => {
    const one = memory(m, 0x100);
    const two = memory(m, 0x200);
    const map = one.md.createMappingInTask(m.client, 0, unique | kIOMapGuardedSmall | kIOMapReadOnly);
    const at = map.getVirtualAddress();
    map.redirect(two.md);
    assert.is(m.client.load32(at + m.pageSize), 0x201);
    for (const bad of [
      () => m.client.load8(at - 1),
      () => m.client.load8(at + 2 * m.pageSize),
      () => m.client.store8(at, 1),
    ])
      assert.throws(bad, (error: Error) => error.name === 'MemoryFault');
    map.release();
    assert.is(m.spaceOf(m.client).entries.count, 0);
  },
  ['documented'],
);

it(
  'a map can be redirected to a part, and to several descriptors in a row',
  (m) => {
    const one = memory(m, 0x100);
    const two = memory(m, 0x200, 4);
    const three = memory(m, 0x300, 1);
    const sub = IOSubMemoryDescriptor.withSubRange(two.md, m.pageSize, 2 * m.pageSize, kIODirectionOutIn);
    const multi = IOMultiMemoryDescriptor.withDescriptors([three.md, two.md], kIODirectionOutIn);
    const map = one.md.createMappingInTask(m.client, 0, unique);
    const at = map.getVirtualAddress();
    assert.is(map.redirect(sub), kIOReturnSuccess);
    assert.is(m.client.load32(at), 0x201);
    assert.is(map.getMemoryDescriptor().id, two.md.id);
    assert.is(map.redirect(multi), kIOReturnSuccess);
    assert.is(map.getMemoryDescriptor().id, multi.id);
    assert.equal([m.client.load32(at), m.client.load32(at + m.pageSize)], [0x300, 0x200]);
    map.release();
  },
  ['documented'],
);

it('C76 a redirected descriptor of device memory holds back all but the safe task', (m) => {
  const md = IOMemoryDescriptor.withPhysicalAddress(16 * m.pageSize, 2 * m.pageSize, kIODirectionOutIn);
  const [held, safe] = [
    md.createMappingInTask(m.client, 0, kIOMapAnywhere),
    md.createMappingInTask(m.other, 0, kIOMapAnywhere),
  ];
  const own = m.client.allocate(m.pageSize);
  const fixed = md.setMapping(m.client, own);
  const at = held.getVirtualAddress();
  m.client.store32(at, 5);
  m.other.load32(safe.getVirtualAddress());
  assert.is(md.redirect(m.other, true), kIOReturnSuccess);
  assert.is(md.getFlags() & kIOMemoryRedirected, kIOMemoryRedirected);
  const threads = [threadOf(m, m.client), threadOf(m, m.client, 'second')];
  for (const thread of threads) assert.is(touch(thread, at), Status.Blocked);
  assert.is(m.other.load32(safe.getVirtualAddress()), 5);
  assert.is(m.client.load32(own), 0);
  const late = md.createMappingInTask(m.client, 0, unique);
  const later = threadOf(m, m.client, 'later');
  assert.is(touch(later, late.getVirtualAddress()), Status.Done, 'a unique map is another descriptor’s');
  assert.is(md.redirect(m.other, false), kIOReturnSuccess);
  for (const thread of threads) assert.is(wakesWith(thread), KERN_SUCCESS);
  assert.is(md.getFlags() & kIOMemoryRedirected, 0);
  assert.is(m.client.load32(at), 5);
  for (const map of [held, safe, fixed, late]) map.release();
});

it('C76 other memory only faults once more; a part redirects the whole; new maps of a redirected descriptor wait', (m) => {
  const { md } = memory(m, 0x100);
  const map = md.createMappingInTask(m.client, 0, kIOMapAnywhere);
  const at = map.getVirtualAddress();
  m.client.load32(at);
  const sub = IOSubMemoryDescriptor.withSubRange(md, 0, 8, kIODirectionOut);
  assert.is(sub.redirect(null, true), kIOReturnSuccess);
  assert.is(sub.getFlags() & md.getFlags() & kIOMemoryRedirected, kIOMemoryRedirected);
  assert.is(m.frameOf(m.client, at), 0);
  assert.is(m.client.load32(at), 0x100);
  sub.redirect(null, false);
  assert.is((sub.getFlags() | md.getFlags()) & kIOMemoryRedirected, 0);
  map.release();

  const device = IOMemoryDescriptor.withPhysicalAddress(16 * m.pageSize, m.pageSize, kIODirectionOutIn);
  device.redirect(m.kernel, true);
  const late = device.createMappingInTask(m.client, 0, kIOMapAnywhere);
  const thread = threadOf(m, m.client);
  assert.is(touch(thread, late.getVirtualAddress()), Status.Blocked);
  late.redirect(null);
  device.redirect(m.kernel, false);
  assert.is.not(thread.thread.waitingIn, null, 'the map itself is redirected, too');
  late.redirect(device);
  assert.is(wakesWith(thread), KERN_SUCCESS);
  late.release();
});

it(
  'in the sources maps of a redirected descriptor outlive its being initialised again',
  (m) => {
    const { md, address } = memory(m, 0x100);
    const map = md.createMappingInTask(m.client, 0, kIOMapAnywhere);
    md.redirect(null, true);
    assert.is(
      md.initWithOptions([{ address, length: 8 }], 1, 0, m.other, kIODirectionOut | kIOMemoryTypeVirtual),
      true,
    );
    assert.is(m.client.load32(map.getVirtualAddress()), 0x100);
    assert.is(map.getMemoryDescriptor().id, md.id);
    assert.equal(m.violations, []);
    map.release();
  },
  ['xnu'],
);

run();
