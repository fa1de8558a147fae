/** `task.kernel` (api.md, "The privileged interface"): what the kernel stands on, and what scenarios can break with it (I1, I3, I9). */
import * as assert from 'uvu/assert';
import { kIODirectionIn, kIOMapAnywhere, kIOMapUnique } from '../../../src/iokit/options.ts';
import { stateHash } from '../../../src/kernel/state-hash.ts';
import { IOMemoryDescriptor } from '../../../src/task/iokit/io-memory-descriptor.ts';
import { MemoryObject } from '../../../src/task/iokit/memory-object.ts';
import { VM_PROT_NONE, VM_PROT_READ, VM_PROT_WRITE } from '../../../src/task/task.ts';
import { KERN_INVALID_ADDRESS, KERN_NO_SPACE, KERN_SUCCESS } from '../../../src/vm/kern-return.ts';
import { deviceLoad, deviceStore } from '../../support/dma.ts';
import { machineSuite } from '../../support/machine.ts';

const { case: it, run } = machineSuite('the privileged interface');
const one = ['documented'] as const;
const isFault = (error: Error) => error.name === 'MemoryFault';
const isPanic = (error: Error) => error.name === 'KernelPanic';

it(
  'entries are looked up as they were, entered, protected and removed; the version moves with each change',
  (m) => {
    const { kernel } = m.kernel;
    const space = kernel.addressSpace(m.client);
    const object = kernel.memoryObject(2 * m.pageSize);
    const at = 64 * m.pageSize;
    assert.is(space.lookup(at), null);
    const before = space.version;
    assert.is(space.enter(at, object, { offset: m.pageSize, protection: VM_PROT_READ }), KERN_SUCCESS);
    const entry = space.lookup(at + 5)!;
    assert.equal(
      { ...entry, object: entry.object!.id },
      {
        start: at,
        end: at + m.pageSize,
        protection: VM_PROT_READ,
        maxProtection: VM_PROT_READ | VM_PROT_WRITE,
        object: object.id,
        offset: m.pageSize,
        needsCopy: false,
        inTransition: false,
        wired: 0,
      },
    );
    assert.is(space.version, before + 1);
    assert.is(space.enter(at, object), KERN_NO_SPACE);
    assert.is(space.version, before + 1, 'nothing changed');
    assert.throws(() => m.client.store32(at, 1), isFault);
    assert.is(space.protect(at, m.pageSize, VM_PROT_READ | VM_PROT_WRITE), KERN_SUCCESS);
    assert.is(space.protect(at, 4 * m.pageSize, VM_PROT_READ), KERN_INVALID_ADDRESS);
    m.client.store32(at, 1);
    assert.is(space.enter(at, object, { overwrite: true }), KERN_SUCCESS);
    assert.is(m.client.load32(at), 0);
    assert.is(m.client.load32(at + m.pageSize), 1);
    assert.is(space.remove(at, 2 * m.pageSize), KERN_SUCCESS);
    assert.is(space.lookup(at), null);
    assert.is(entry.protection, VM_PROT_READ, 'a snapshot');
    object.reference();
    assert.is(object.getRetainCount(), 2);
    object.release();
    object.release();
  },
  one,
);

it(
  'the map lock is held from lock to unlock, by its holder alone',
  (m) => {
    const space = m.kernel.kernel.addressSpace(m.client);
    space.lock();
    const elsewhere = m.client.kernel.addressSpace(m.client);
    assert.throws(() => elsewhere.lock(), 'this call would wait for the map lock of client');
    assert.throws(() => m.client.allocate(1), 'this call would wait for the map lock of client');
    assert.throws(() => elsewhere.unlock(), isPanic);
    assert.is(space.lookup(m.pageSize), null, 'looking waits for nobody');
    const object = MemoryObject.withSize(1);
    assert.is(space.enter(64 * m.pageSize, object), KERN_SUCCESS, 'its holder goes on');
    space.unlock();
    assert.throws(() => space.unlock(), isPanic);
    space.remove(64 * m.pageSize, 1);
    object.release();
  },
  one,
);

it(
  'frames come zeroed and go once; wiring keeps them',
  (m) => {
    const { frames } = m.kernel.kernel;
    const free = m.freeFrames;
    const frame = frames.allocate();
    assert.is(m.freeFrames, free - 1);
    frames.store8(frame, 0, 0x1ff);
    frames.store16(frame, 2, 0x12345);
    frames.store32(frame, 4, 2 ** 32 + 7);
    frames.store64(frame, 8, -1n);
    assert.equal(
      [frames.load8(frame, 0), frames.load16(frame, 2), frames.load32(frame, 4), frames.load64(frame, 8)],
      [0xff, 0x2345, 7, 2n ** 64n - 1n],
    );
    assert.throws(() => frames.load32(frame, m.pageSize - 3), /within a frame/);
    assert.throws(() => frames.load32(0, 0), /expected 1 to/);
    frames.wire(frame);
    frames.unwire(frame);
    assert.throws(() => frames.unwire(frame), isPanic);
    frames.free(frame);
    assert.is(m.freeFrames, free);
    for (const use of [() => frames.free(frame), () => frames.wire(frame)]) assert.throws(use, isPanic);
    assert.equal(m.violations, []);
    frames.store32(frame, 0, 9);
    assert.equal(m.violations, ['use-after-release'], 'I9');
    const again = frames.allocate();
    assert.is(again, frame);
    assert.is(frames.load32(again, 0), 0);
    frames.free(again);
  },
  one,
);

it(
  'I1 a frame that is freed while it is wired or reached is reported',
  (m) => {
    const { frames, translations } = { ...m.kernel.kernel, translations: m.kernel.kernel.translations(m.client) };
    const at = 64 * m.pageSize;
    const frame = frames.allocate();
    translations.set(at, frame, VM_PROT_READ | VM_PROT_WRITE);
    m.client.store32(at, 5);
    assert.is(frames.load32(frame, 0), 5);
    translations.clear(at);
    assert.throws(() => m.client.load32(at), isFault);
    translations.set(at, frame, VM_PROT_READ);
    assert.throws(() => m.client.store32(at, 5), isFault);
    assert.equal(m.violations, []);
    frames.free(frame);
    assert.equal(m.violations, ['freed-page-reachable']);
    assert.is(m.client.load32(at), 5);
    translations.clear(at);
    translations.set(at, frame, VM_PROT_READ);
    assert.equal(m.violations, ['freed-page-reachable', 'freed-page-reachable']);
    translations.clear(at);
    const wired = frames.allocate();
    frames.wire(wired);
    frames.free(wired);
    assert.is(m.violations.length, 3);
    frames.unwire(wired);
    assert.throws(() => translations.set(2 ** 47, frame, VM_PROT_READ), /less than 2\^47/);
    assert.throws(() => translations.set(at, 2 ** 20, VM_PROT_READ), /expected 1 to/);
  },
  one,
);

it(
  'I3 an access on a task’s behalf that its mapping does not allow at that moment is reported',
  (m) => {
    const { frames } = m.kernel.kernel;
    const at = m.client.allocate(m.pageSize);
    const onBehalfOf = { task: m.client, address: at + 8 };
    const space = m.kernel.kernel.addressSpace(m.client);
    const frame = space.lookup(at)!.object!.page(0);
    frames.store32(frame, 8, 1, { onBehalfOf });
    assert.is(m.client.load32(at + 8), 1);
    assert.equal(m.violations, []);
    m.client.protect(at, m.pageSize, VM_PROT_READ);
    assert.is(frames.load32(frame, 8, { onBehalfOf }), 1);
    assert.equal(m.violations, []);
    frames.store32(frame, 8, 2, { onBehalfOf });
    assert.equal(m.violations, ['permission-outrun']);
    m.client.protect(at, m.pageSize, VM_PROT_NONE);
    frames.load32(frame, 8, { onBehalfOf });
    assert.is(m.violations.length, 2);
    m.client.protect(at, m.pageSize, VM_PROT_READ);
    const other = frames.allocate();
    frames.load32(other, 8, { onBehalfOf });
    assert.is(m.violations.length, 3, 'other memory is mapped there');
    frames.free(other);
    m.client.deallocate(at, m.pageSize);
    assert.is(m.violations.length, 3);
  },
  one,
);

it(
  'pages of objects are made resident; beyond the object is an error',
  (m) => {
    const object = m.kernel.kernel.memoryObject(2 * m.pageSize);
    const at = m.client.map(object);
    const frame = object.page(m.pageSize);
    m.kernel.kernel.frames.store32(frame, 0, 3);
    assert.is(m.client.load32(at + m.pageSize), 3);
    assert.is(object.page(2 * m.pageSize - 1), frame);
    assert.throws(() => object.page(2 * m.pageSize), /expected less than/);
    object.release();
  },
  one,
);

it(
  'I1 a frame that devices reach, or could before they were flushed, is reported when it goes, whoever frees it',
  (m) => {
    const { frames, iommu } = m.kernel.kernel;
    const at = 4 * m.pageSize;
    const frame = frames.allocate();
    iommu.map(at, frame, VM_PROT_READ | VM_PROT_WRITE);
    assert.is(deviceLoad(m, at), 0);
    iommu.unmap({ address: at, length: m.pageSize });
    assert.is(deviceLoad(m, at), 0, 'the cache has it');
    iommu.flush({ address: at, length: m.pageSize });
    assert.is(deviceLoad(m, at), 'not mapped');
    iommu.map(at, frame, VM_PROT_READ);
    assert.is(deviceStore(m, at, 1), 'protected');
    iommu.unmap({ address: at + 1, length: m.pageSize - 1 });
    assert.is(deviceLoad(m, at), 'not mapped');
    frames.free(frame);
    assert.equal(m.violations, []);

    const client = m.client.allocate(m.pageSize);
    m.client.store8(client, 1);
    iommu.map(at, m.frameOf(m.client, client), VM_PROT_READ);
    m.client.deallocate(client, m.pageSize);
    assert.equal(m.violations, ['freed-page-reachable']);
    iommu.unmap({ address: at, length: m.pageSize });
    const object = m.kernel.kernel.memoryObject(1);
    iommu.map(at, object.page(0), VM_PROT_READ);
    assert.is(deviceLoad(m, at), 0);
    iommu.unmap({ address: at, length: m.pageSize });
    object.release();
    assert.is(m.violations.length, 2, 'not flushed');
    iommu.map(at, frame, VM_PROT_READ);
    assert.is(m.violations.length, 3, 'a free one');
    iommu.unmap({ address: at, length: m.pageSize });
    iommu.flush({ address: at, length: m.pageSize });
    assert.throws(() => iommu.map(at + 1, frame, VM_PROT_READ), /multiple of the page size/);
    assert.throws(() => iommu.map(2 ** 32, frame, VM_PROT_READ), /below 0x100000000/);
    assert.throws(() => iommu.flush({ address: 0, length: 2 ** 33 }), /below 0x100000000/);
  },
  one,
  { mapper: { pageSize: 4096 } },
);

it(
  'without a mapper there is no IOMMU to use; shooting down is always allowed',
  (m) => {
    assert.throws(() => m.kernel.kernel.iommu.flush({ address: 0, length: 1 }), /this machine has none/);
    m.kernel.kernel.shootDown(m.client, 0, 2 ** 20);
    assert.throws(() => m.kernel.kernel.shootDown(m.client, 2 ** 47, 1), /less than 2\^47/);
  },
  one,
);

it(
  'an entry shows that it needs a copy, how many of its pages are wired, and that accesses to it wait',
  (m) => {
    const { kernel } = m.kernel;
    const space = kernel.addressSpace(m.client);
    const object = kernel.memoryObject(2 * m.pageSize);
    const at = 64 * m.pageSize;
    kernel.frames.store8(object.page(0), 0, 7);
    space.enter(at, object, { needsCopy: true });
    assert.is(space.lookup(at)!.needsCopy, true);
    m.client.store8(at, 8);
    assert.is(space.lookup(at)!.needsCopy, false, 'the first store made the copy');
    assert.is(kernel.frames.load8(object.page(0), 0), 7);
    kernel.frames.wire(object.page(m.pageSize));
    assert.is(space.lookup(at)!.wired, 1, 'seen through to');
    kernel.frames.unwire(object.page(m.pageSize));
    assert.is(space.lookup(at)!.wired, 0);

    const memory = m.kernel.allocate(m.pageSize);
    const map = IOMemoryDescriptor.withAddressRange(memory, m.pageSize, kIODirectionIn, m.kernel).createMappingInTask(
      m.client,
      0,
      kIOMapAnywhere | kIOMapUnique,
    )!;
    const shown = map.getVirtualAddress();
    assert.is(space.lookup(shown)!.inTransition, false);
    assert.is(map.redirect(null, 0), 0);
    assert.is(space.lookup(shown)!.inTransition, true);
    map.release();
    space.remove(at, 2 * m.pageSize);
    object.release();
    assert.equal(m.violations, []);
  },
  one,
);

it(
  'copies of one object are independent of each other, whoever stores to which',
  (m) => {
    const { kernel } = m.kernel;
    const object = kernel.memoryObject(m.pageSize);
    kernel.frames.store32(object.page(0), 0, 1);
    const copies = [object.copy(), object.copy()];
    const [older, newer] = copies.map((copy) => m.client.map(copy));
    m.client.store32(newer!, 2);
    assert.is(m.client.load32(older!), 1);
    m.client.store32(older!, 3);
    assert.equal([m.client.load32(older!), m.client.load32(newer!)], [3, 2]);
    assert.is(kernel.frames.load32(object.page(0), 0), 1);
    for (const one of [object, ...copies]) one.release();
  },
  one,
);

it(
  'shadows show what is below but for what they have; copies show what was there; I4 a store that either must not see',
  (m) => {
    const { kernel } = m.kernel;
    const { frames } = kernel;
    const object = kernel.memoryObject(2 * m.pageSize);
    frames.store32(object.page(0), 0, 1);
    const copy = object.copy();
    const reader = m.client.map(copy, { protection: VM_PROT_READ });
    const owner = m.other.map(object);
    m.other.store32(owner, 2);
    assert.is(m.client.load32(reader), 1, 'a task’s store makes the copy first');
    frames.store32(object.page(0), 0, 3);
    assert.equal(m.violations, [], 'the copy has its own page now');
    frames.store32(object.page(m.pageSize), 0, 3);
    assert.equal(m.violations, ['snapshot-broken'], 'and of this one not yet');

    const below = kernel.memoryObject(m.pageSize);
    frames.store32(below.page(0), 0, 4);
    const upper = below.shadow();
    const at = m.client.map(upper);
    assert.is(m.client.load32(at), 4);
    frames.store32(below.page(0), 0, 5);
    assert.is(m.violations.length, 2, 'the shadow sees through to it');
    m.client.store32(at, 6);
    frames.store32(below.page(0), 0, 7);
    assert.is(m.violations.length, 2, 'it has its own page now');
    assert.is(m.client.load32(at), 6);

    const space = kernel.addressSpace(m.other);
    const file = kernel.memoryObject(m.pageSize);
    const page = file.page(0);
    space.enter(64 * m.pageSize, file, { needsCopy: true });
    const onBehalfOf = { task: m.other, address: 64 * m.pageSize };
    frames.store32(page, 0, 1);
    assert.is(m.violations.length, 2, 'of the file’s own');
    frames.store32(page, 0, 1, { onBehalfOf });
    assert.is(m.violations.length, 3, 'a private store that all see');
    kernel.translations(m.other).set(64 * m.pageSize, page, VM_PROT_READ | VM_PROT_WRITE);
    assert.is(m.violations.length, 4, 'as many as it likes');
    kernel.translations(m.other).set(64 * m.pageSize, page, VM_PROT_READ);
    kernel.translations(m.other).clear(64 * m.pageSize);
    m.other.store32(64 * m.pageSize, 2);
    frames.store32(m.frameOf(m.other, 64 * m.pageSize), 0, 3, { onBehalfOf });
    assert.is(m.violations.length, 4, 'its own copy');
    assert.ok(m.violations.every((rule) => rule === 'snapshot-broken'));
    for (const made of [object, copy, below, upper, file]) made.release();
  },
  one,
);

it(
  'every change is rolled back',
  (m) => {
    const { kernel } = m.kernel;
    m.kernelState.journal.base();
    const before = stateHash(m.kernelState);
    const space = kernel.addressSpace(m.client);
    space.lock();
    const object = kernel.memoryObject(1);
    space.enter(64 * m.pageSize, object);
    kernel.translations(m.client).set(65 * m.pageSize, object.page(0), VM_PROT_READ);
    const frame = kernel.frames.allocate();
    kernel.frames.wire(frame);
    kernel.frames.store32(frame, 0, 1);
    kernel.frames.free(frame);
    kernel.wake(5);
    space.unlock();
    assert.is.not(stateHash(m.kernelState), before);
    m.kernelState.journal.rollback();
    assert.is(stateHash(m.kernelState), before);
    m.kernelState.journal.stop();
  },
  one,
);

run();
