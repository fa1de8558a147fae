/** I2, I7, I11 and I13 of the race catalogue, one step at a time: what pages must not lose on their way. */
import * as assert from 'uvu/assert';
import {
  kIODirectionIn,
  kIODirectionOut,
  kIOMemoryPurgeableEmpty,
  kIOMemoryPurgeableKeepCurrent,
  kIOMemoryPurgeableNonVolatile,
  kIOMemoryPurgeableVolatile,
} from '../../src/iokit/options.ts';
import { IOMemoryDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import { MemoryObject } from '../../src/task/iokit/memory-object.ts';
import { purgeNext, VM_PURGABLE_NONVOLATILE, VM_PURGABLE_VOLATILE } from '../../src/vm/purgeable.ts';
import { machineSuite, type TestMachine } from '../support/machine.ts';

const { case: it, run } = machineSuite('pages that are watched');
const one = ['documented'] as const;
const swap = { swap: 2 ** 20 };

/** Pages out all that may go. */
function evictAll({ kernelState: { vm, kernelTask }, kernelState }: TestMachine): void {
  while (vm.pager!.hasWork && vm.pager!.evict(kernelState.machineThread(kernelTask)));
}

/** A page of an object that has been in swap and is back. */
function broughtBack(m: TestMachine) {
  const object = MemoryObject.withSize(m.pageSize);
  const at = m.client.map(object);
  m.client.store32(at, 7);
  evictAll(m);
  return { object, at, frame: object.page(0) };
}

it(
  'I7 a store that left no mark is lost with its page, and told; one that did is kept',
  (m) => {
    const { frames } = m.kernel.kernel;
    const { object, at, frame } = broughtBack(m);
    evictAll(m);
    assert.equal(m.violations, [], 'clean, and as it was');
    frames.store32(object.page(0), 0, 8);
    evictAll(m);
    assert.equal(m.violations, ['lost-write']);
    assert.is(m.client.load32(at), 7);
    m.client.store32(at, 9);
    frames.store32(m.frameOf(m.client, at), 4, 10);
    evictAll(m);
    assert.is(m.violations.length, 1, 'marked by the task');
    assert.equal([m.client.load32(at), m.client.load32(at + 4)], [9, 10]);
    const now = m.frameOf(m.client, at);
    frames.setModified(now);
    frames.store32(now, 0, 11);
    evictAll(m);
    assert.is(m.client.load32(at), 11);
    assert.is(m.violations.length, 1);
    assert.ok(frame > 0);
    m.client.deallocate(at, m.pageSize);
    object.release();
  },
  one,
  swap,
);

it(
  'I7 a mark that is taken away is set again by the next store; without one, what came before is lost',
  (m) => {
    const { frames } = m.kernel.kernel;
    const { object, at } = broughtBack(m);
    m.client.store32(at, 8);
    frames.clearModified(m.frameOf(m.client, at));
    m.client.store32(at, 9);
    evictAll(m);
    assert.equal(m.violations, []);
    assert.is(m.client.load32(at), 9);
    m.client.store32(at, 10);
    frames.clearModified(m.frameOf(m.client, at));
    evictAll(m);
    assert.equal(m.violations, ['lost-write']);
    assert.is(m.client.load32(at), 9);
    m.client.deallocate(at, m.pageSize);
    object.release();
  },
  one,
  swap,
);

it(
  'I2 a page that its descriptor still holds goes, once somebody else has unwired it',
  (m) => {
    const { frames } = m.kernel.kernel;
    const { object, at } = broughtBack(m);
    const request = IOMemoryDescriptor.withAddressRange(at, 64, kIODirectionIn, m.client);
    request.prepare();
    evictAll(m);
    assert.equal(m.violations, [], 'wired pages stay');
    const frame = object.page(0);
    frames.unwire(frame);
    assert.equal(m.violations, ['unbalanced']);
    evictAll(m);
    assert.equal(m.violations, ['unbalanced', 'wired-page-moved']);
    assert.is(object.page(0), frame, 'it came back to where it was');
    frames.wire(frame);
    request.complete();
    request.release();
    evictAll(m);
    assert.is(m.violations.length, 2);
    m.client.deallocate(at, m.pageSize);
    object.release();
  },
  one,
  swap,
);

it('I11 what pressure dropped is not there to be read, by a task or a device, until it was written', (m) => {
  const at = m.client.allocate(3 * m.pageSize, { purgeable: true });
  m.touch(m.client, at, 3 * m.pageSize, true);
  const buffer = IOMemoryDescriptor.withAddressRange(at, 3 * m.pageSize, kIODirectionIn, m.client);
  const { vm, kernelTask } = m.kernelState;
  const object = m.spaceOf(m.client).lookup(at)!.object!;
  assert.is(buffer.setPurgeable(kIOMemoryPurgeableVolatile).result, 0);
  assert.ok(purgeNext(vm, m.kernelState.machineThread(kernelTask)));
  assert.is(object.lost.size, 3);
  buffer.setPurgeable(kIOMemoryPurgeableNonVolatile);
  m.client.store32(at, 1);
  m.client.load32(at);
  assert.equal(m.violations, []);
  m.client.load32(at + m.pageSize);
  assert.equal(m.violations, ['purgeable-contract']);
  m.client.load32(at + m.pageSize);
  const last = IOMemoryDescriptor.withAddressRange(at + 2 * m.pageSize, 64, kIODirectionOut, m.client);
  last.prepare();
  last.complete();
  assert.equal(m.violations, ['purgeable-contract', 'purgeable-contract']);
  assert.is(object.lost.size, 0);
  for (const made of [buffer, last]) made.release();
  m.client.deallocate(at, 3 * m.pageSize);
});

it(
  'I11 what its owner emptied itself is as good as new',
  (m) => {
    const at = m.client.allocate(m.pageSize, { purgeable: true });
    m.client.store32(at, 1);
    const buffer = IOMemoryDescriptor.withAddressRange(at, m.pageSize, kIODirectionIn, m.client);
    buffer.setPurgeable(kIOMemoryPurgeableEmpty);
    buffer.setPurgeable(kIOMemoryPurgeableNonVolatile);
    assert.is(m.client.load32(at), 0);
    assert.equal(m.violations, []);
    buffer.release();
  },
  one,
);

it(
  'I13 a purgeable object is in the queue that its state says, or is told',
  (m) => {
    const at = m.client.allocate(m.pageSize, { purgeable: true });
    const buffer = IOMemoryDescriptor.withAddressRange(at, m.pageSize, kIODirectionIn, m.client);
    const object = m.spaceOf(m.client).lookup(at)!.object!;
    for (const state of [3, 4, 3, 2, 3, 1, 2]) buffer.setPurgeable(state);
    assert.equal(m.violations, []);
    // Nothing but a fault of the kernel does this.
    object.purgeable = VM_PURGABLE_VOLATILE;
    buffer.setPurgeable(kIOMemoryPurgeableKeepCurrent);
    assert.equal(m.violations, ['wrong-queue']);
    object.purgeable = VM_PURGABLE_NONVOLATILE;
    buffer.setPurgeable(kIOMemoryPurgeableKeepCurrent);
    assert.is(m.violations.length, 1);
    buffer.release();
  },
  one,
);

run();
