/** I14 of the race catalogue: a descriptor that knows its memory by addresses alone must not act on what replaced it there. */
import * as assert from 'uvu/assert';
import {
  kIODirectionOut,
  kIODirectionOutIn,
  kIOMemoryMapCopyOnWrite,
  kIOMemoryPersistent,
  kIOMemoryPurgeableVolatile,
  kIOMemoryTypeVirtual,
} from '../../src/iokit/options.ts';
import { IOMemoryDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import { VM_PROT_READ, VM_PROT_WRITE } from '../../src/vm/map-entry.ts';
import { machineSuite, type TestMachine } from '../support/machine.ts';

const { case: it, run } = machineSuite('memory names');

/** Two pages of the client, and a descriptor of the second half of the first and the first half of the second. */
function described(m: TestMachine, options = kIODirectionOutIn) {
  const { pageSize } = m;
  const at = m.client.allocate(2 * pageSize);
  const memory = IOMemoryDescriptor.withAddressRange(at + pageSize / 2, pageSize, options, m.client);
  return { at, memory };
}

function replace(m: TestMachine, at: number, length: number): void {
  m.client.deallocate(at, length);
  m.client.allocate(length, { address: at });
}

it('I14 prepare of memory that was replaced; told once', (m) => {
  const { at, memory } = described(m);
  replace(m, at + m.pageSize, m.pageSize);
  for (let i = 0; i < 2; i++) {
    assert.is(memory.prepare(), 0);
    memory.complete();
  }
  assert.equal(m.violations, ['mistaken-identity']);
  memory.release();
});

it('I14 also after it was prepared and completed', (m) => {
  const { at, memory } = described(m);
  memory.prepare();
  memory.complete();
  replace(m, at, 2 * m.pageSize);
  memory.prepare();
  memory.complete();
  assert.equal(m.violations, ['mistaken-identity']);
  memory.release();
});

it('I14 the first map of memory that was replaced', (m) => {
  const { at, memory } = described(m);
  replace(m, at, m.pageSize);
  memory.createMappingInTask(m.kernel, 0, 1).release();
  assert.equal(m.violations, ['mistaken-identity']);
  memory.release();
});

it('I14 setPurgeable of memory that was replaced', (m) => {
  const { at, memory } = described(m);
  replace(m, at, 2 * m.pageSize);
  memory.setPurgeable(kIOMemoryPurgeableVolatile);
  assert.equal(m.violations, ['mistaken-identity']);
  memory.release();
});

it('I14 a descriptor that is initialised again names what is there then', (m) => {
  const { at, memory } = described(m);
  replace(m, at, 2 * m.pageSize);
  assert.ok(
    memory.initWithOptions(
      [{ address: at, length: m.pageSize }],
      1,
      0,
      m.client,
      kIODirectionOut | kIOMemoryTypeVirtual,
    ),
  );
  memory.prepare();
  memory.complete();
  assert.equal(m.violations, []);
  replace(m, at, m.pageSize);
  memory.prepare();
  memory.complete();
  assert.equal(m.violations, ['mistaken-identity']);
  memory.release();
});

it('near I14 whoever holds the memory itself reaches no other: prepared, mapped, persistent', (m) => {
  for (const hold of ['prepare', 'map', 'persistent']) {
    const { at, memory } = described(m, hold === 'persistent' ? kIODirectionOutIn | kIOMemoryPersistent : undefined);
    if (hold === 'prepare') memory.prepare();
    const map = hold === 'map' ? memory.createMappingInTask(m.kernel, 0, 1) : null;
    replace(m, at, 2 * m.pageSize);
    memory.prepare();
    memory.complete();
    if (hold === 'prepare') memory.complete();
    map?.release();
    memory.release();
  }
  assert.equal(m.violations, []);
});

it('near I14 the same memory still: rights changed, a page copied on write, neighbours replaced, a hole', (m) => {
  const { pageSize, client } = m;
  const around = client.allocate(4 * pageSize);
  const at = around + pageSize;
  const memory = IOMemoryDescriptor.withAddressRange(at, 2 * pageSize, kIODirectionOutIn, client);
  client.protect(at, pageSize, VM_PROT_READ);
  client.protect(at, pageSize, VM_PROT_READ | VM_PROT_WRITE);
  const snapshot = IOMemoryDescriptor.withAddressRange(at, pageSize, kIODirectionOut | kIOMemoryMapCopyOnWrite, client);
  const map = snapshot.createMappingInTask(m.kernel, 0, 1);
  client.store8(at, 1);
  replace(m, around, pageSize);
  replace(m, at + 2 * pageSize, pageSize);
  assert.is(memory.prepare(), 0);
  memory.complete();
  client.deallocate(at + pageSize, pageSize);
  assert.is.not(memory.prepare(), 0);
  assert.equal(m.violations, []);
  for (const held of [map, snapshot, memory]) held.release();
});

run();
