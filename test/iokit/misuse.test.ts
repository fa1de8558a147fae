/** What callers do wrong with descriptors and maps, and what only looks like it: direction-misuse, use-after-complete, dangling-mapping. */
import * as assert from 'uvu/assert';
import {
  kIODirectionIn,
  kIODirectionOut,
  kIODirectionOutIn,
  kIOMapAnywhere,
  kIOMapOverwrite,
  kIOMemoryTypeVirtual,
} from '../../src/iokit/options.ts';
import { IOBufferMemoryDescriptor } from '../../src/task/iokit/io-buffer-memory-descriptor.ts';
import type { IOMemoryDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import { IOMultiMemoryDescriptor } from '../../src/task/iokit/io-multi-memory-descriptor.ts';
import { resident } from '../support/descriptors.ts';
import { machineSuite, type TestMachine } from '../support/machine.ts';

const { case: it, run } = machineSuite('misuse');
const isPanic = (error: Error) => error.name === 'KernelPanic';
const four = () => new Uint8Array(4);

it(
  'direction-misuse: copying against the direction of the prepare in force, not that of the descriptor',
  (m) => {
    const md = resident(m, 1, kIODirectionIn);
    md.prepare();
    assert.is(md.writeBytes(0, four()), 4);
    assert.equal(m.violations, []);
    assert.is(md.readBytes(0, four()), 0);
    assert.equal(m.violations, ['direction-misuse']);
    // Another prepare adds its direction.
    md.prepare(kIODirectionOut);
    assert.is(md.readBytes(0, four()), 4);
    assert.equal(m.violations.length, 1);
    md.complete();
    md.complete();
    md.release();
  },
  ['documented'],
);

it(
  'direction-misuse: of a part of several, too',
  (m) => {
    const [reader, writer] = [resident(m, 1, kIODirectionOut), resident(m, 1, kIODirectionIn)];
    const both = IOMultiMemoryDescriptor.withDescriptors([reader, writer], kIODirectionOutIn);
    reader.prepare();
    writer.prepare();
    assert.is(both.readBytes(0, four()), 0);
    assert.equal(m.violations, ['direction-misuse']);
    for (const one of [reader, writer]) one.complete();
    for (const one of [both, reader, writer]) one.release();
  },
  ['documented'],
);

const uses: [name: string, use: (md: IOMemoryDescriptor) => unknown][] = [
  ['getPhysicalSegment', (md) => md.getPhysicalSegment(0)],
  ['readBytes', (md) => md.readBytes(0, four())],
  ['writeBytes', (md) => md.writeBytes(0, four())],
  ['performOperation', (md) => md.performOperation(1, 0, 4)],
];
for (const [name, use] of uses)
  it(`use-after-complete: ${name} after the last complete, and before a prepare it is another rule`, (m) => {
    const md = resident(m, 1);
    assert.throws(() => use(md), isPanic);
    assert.equal(m.violations, ['use-before-prepare']);
    md.prepare();
    md.prepare();
    md.complete();
    use(md);
    assert.equal(m.violations.length, 1, 'one prepare is still in force');
    md.complete();
    assert.throws(() => use(md), isPanic);
    assert.equal(m.violations, ['use-before-prepare', 'use-after-complete']);
    md.prepare();
    use(md);
    md.complete();
    assert.is(m.violations.length, 2, 'prepared again');
    md.release();
  });

it('use-after-complete: what is initialised again was never completed', (m) => {
  const md = resident(m, 1);
  md.prepare();
  md.complete();
  const ranges = [{ address: m.client.allocate(m.pageSize), length: 16 }];
  assert.is(md.initWithOptions(ranges, 1, 0, m.client, kIODirectionOutIn | kIOMemoryTypeVirtual), true);
  assert.throws(() => md.readBytes(0, four()), isPanic);
  assert.equal(m.violations, ['use-before-prepare']);
  md.release();
});

it('use-after-complete: reading through a map needs no prepare', (m) => {
  const md = resident(m, 1);
  const map = md.createMappingInTask(m.other, 0, kIOMapAnywhere);
  md.prepare();
  md.complete();
  m.other.store8(map.getVirtualAddress(), 1);
  assert.equal(m.violations, []);
  map.release();
  md.release();
});

/** A map in the other task, whose memory that task has taken away. */
function lost(m: TestMachine, pages = 1) {
  const md = resident(m, pages);
  const map = md.createMappingInTask(m.other, 0, kIOMapAnywhere);
  const address = map.getVirtualAddress();
  m.other.deallocate(address, pages * m.pageSize);
  return { md, map, address };
}

for (const end of ['unmap', 'release'] as const)
  it(`dangling-mapping: ${end} of a map that something else was put in the place of`, (m, semantics) => {
    const { md, map, address } = lost(m);
    m.other.allocate(m.pageSize, { address });
    m.other.store8(address, 5);
    map[end]();
    assert.equal(m.violations, ['dangling-mapping']);
    if (semantics === 'documented') assert.is(m.other.load8(address), 5);
    else assert.throws(() => m.other.load8(address), /not mapped/);
    if (end === 'unmap') map.release();
    md.release();
  });

it('dangling-mapping: a page of several is enough, and what is left of the map goes', (m) => {
  const md = resident(m, 3);
  const map = md.createMappingInTask(m.other, 0, kIOMapAnywhere);
  const address = map.getVirtualAddress();
  m.other.deallocate(address + m.pageSize, m.pageSize);
  m.other.allocate(m.pageSize, { address: address + m.pageSize });
  map.release();
  assert.equal(m.violations, ['dangling-mapping']);
  for (const page of [0, 2]) assert.throws(() => m.other.load8(address + page * m.pageSize), /not mapped/);
  md.release();
});

it('dangling-mapping: what was only unmapped is nobody’s', (m) => {
  const { md, map, address } = lost(m);
  const beside = m.other.allocate(m.pageSize, { address: address + m.pageSize });
  map.release();
  m.other.load8(beside);
  const other = lost(m);
  m.kill(m.other);
  other.map.release();
  for (const one of [md, other.md]) one.release();
  assert.equal(m.violations, []);
});

it('dangling-mapping: rights that change, parts and redirection leave a map what it is', (m) => {
  const md = resident(m, 2);
  const map = md.createMappingInTask(m.other, 0, kIOMapAnywhere);
  const address = map.getVirtualAddress();
  m.other.protect(address, m.pageSize, 1);
  m.other.protect(address, m.pageSize, 3);
  const part = md.createMappingInTask(m.other, 0, kIOMapAnywhere, m.pageSize, m.pageSize);
  const replacement = resident(m, 2);
  map.redirect(replacement);
  part.release();
  map.release();
  for (const one of [md, replacement]) one.release();
  assert.equal(m.violations, []);
});

it('dangling-mapping: a map that its task has unmapped is shared in the sources, and made anew here', (m, semantics) => {
  const { md, map, address } = lost(m);
  const again = md.createMappingInTask(m.other, 0, kIOMapAnywhere);
  if (semantics === 'xnu') {
    assert.equal(m.violations, ['dangling-mapping']);
    assert.is(again.getVirtualAddress(), address);
  } else {
    assert.equal(m.violations, []);
    m.other.load8(again.getVirtualAddress());
  }
  for (const one of [again, map, md]) one.release();
});

it('dangling-mapping: of two maps at one place the first takes the second away', (m) => {
  const [first, second] = [resident(m, 1), resident(m, 1)];
  const map = first.createMappingInTask(m.other, 2 ** 40, 0);
  const over = second.createMappingInTask(m.other, 2 ** 40, kIOMapOverwrite);
  map.release();
  assert.equal(m.violations, ['dangling-mapping']);
  over.release();
  for (const one of [first, second]) one.release();
});

it('dangling-mapping: a buffer’s own maps are no different', (m) => {
  const buffer: IOMemoryDescriptor = IOBufferMemoryDescriptor.withCapacity(m.pageSize, kIODirectionOutIn);
  const map = buffer.createMappingInTask(m.other, 0, kIOMapAnywhere);
  const address = map.getVirtualAddress();
  m.other.deallocate(address, m.pageSize);
  m.other.allocate(m.pageSize, { address });
  map.release();
  assert.equal(m.violations, ['dangling-mapping']);
  buffer.release();
});

run();
