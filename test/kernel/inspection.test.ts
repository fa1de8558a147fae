/** What `inspect` shows of a machine. */

import { test as plain } from 'uvu';
import * as assert from 'uvu/assert';
import { accessRead } from '../../src/hardware/translation-cache.ts';
import { kIODirectionOutIn, kIOMapAnywhere, kIOMemoryPurgeableVolatile } from '../../src/iokit/options.ts';
import { IODMACommand } from '../../src/task/iokit/io-dma-command.ts';
import { IOMemoryDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import { machineSuite, TestMachine } from '../support/machine.ts';

const suite = machineSuite('inspection');

suite.case('shows entries, objects with what lies below them, maps, descriptors and frames', (machine) => {
  const { client, other, pageSize } = machine;
  const empty = machine.inspect();
  assert.equal(
    empty.tasks.map(({ name, alive }) => [name, alive]),
    [
      ['kernel', true],
      ['client', true],
      ['other', true],
    ],
  );
  assert.equal([empty.objects, empty.maps, empty.descriptors], [[], [], []]);
  const a = client.allocate(2 * pageSize);
  client.store32(a, 1);
  const b = other.remap(client, a, 2 * pageSize, { copy: true });
  other.store32(b, 2);
  const purgeable = client.allocate(pageSize, { purgeable: true });
  const volatile = IOMemoryDescriptor.withAddressRange(purgeable, pageSize, kIODirectionOutIn, client);
  volatile.setPurgeable(kIOMemoryPurgeableVolatile);
  const descriptor = IOMemoryDescriptor.withAddressRange(b, pageSize, kIODirectionOutIn, other);
  const map = descriptor.createMappingInTask(client, 0, kIOMapAnywhere);
  const address = map.getVirtualAddress();
  descriptor.prepare();
  descriptor.prepare();
  const shown = machine.inspect();
  const task = shown.tasks.find(({ name }) => name === 'other')!;
  assert.is(task.entries.length, 1);
  const entry = task.entries[0]!;
  assert.equal(
    [entry.start, entry.end, entry.offset, entry.protection, entry.needsCopy],
    [b, b + 2 * pageSize, 0, 3, false],
  );
  const upper = shown.objects[entry.object!]!;
  assert.equal([upper.size, upper.resident, upper.swapped, upper.purgeable], [2 * pageSize, 1, 0, 'no']);
  const below = shown.tasks.find(({ name }) => name === 'client')!.entries.find(({ start }) => start === a)!;
  assert.is(upper.shadow, below.object);
  assert.is(below.needsCopy, true);
  assert.equal(
    shown.objects.map((object) => object.purgeable).filter((state) => state !== 'no'),
    ['volatile'],
  );
  assert.equal(shown.maps, [{ task: 'client', address, length: pageSize }]);
  assert.equal(
    shown.descriptors.map(({ length, wireCount, references }) => [length, wireCount, references]),
    [
      [pageSize, 0, 1],
      [pageSize, 2, 2],
    ],
  );
  assert.is(shown.frames.wired, 1);
  assert.is(shown.frames.owned, 2);
  assert.is(shown.frames.free, machine.freeFrames);
  for (let left = 2; left > 0; left--) descriptor.complete();
  for (const object of [map, descriptor, volatile]) object.release();
});

plain('shows the windows of the IOMMU, what devices reach through them and what they remember', () => {
  assert.is(new TestMachine().inspect().iommu, null);
  const machine = new TestMachine({ mapper: { pageSize: 4096, addressBits: 40 } });
  const { client, pageSize, kernelState } = machine;
  machine.enter(machine.kernel, () => {
    assert.equal(machine.inspect().iommu, { pageSize: 4096, windows: [] });
    const md = IOMemoryDescriptor.withAddressRange(
      client.allocate(3 * pageSize),
      3 * pageSize,
      kIODirectionOutIn,
      client,
    );
    md.prepare();
    const options = { fNumAddressBits: 0, fMaxSegmentSize: 0 };
    const command = IODMACommand.withSpecification(IODMACommand.OutputHost64, options, IODMACommand.kMapped);
    command.setMemoryDescriptor(md);
    const address = command.gen64IOVMSegments(0, 1).segments[0]!.fIOVMAddr;
    const window = { address, length: 3 * pageSize, mapped: 3, cached: 0 };
    assert.equal(machine.inspect().iommu?.windows, [window]);
    kernelState.hardware.iommu!.translate(address + 4096, accessRead);
    assert.equal(machine.inspect().iommu?.windows, [{ ...window, cached: 1 }]);
    command.clearMemoryDescriptor();
    md.complete();
    assert.equal(machine.inspect().iommu?.windows, []);
    command.release();
    md.release();
  });
});

plain('shows pages in swap', () => {
  const machine = new TestMachine({ swap: 2 ** 16 });
  const { client, pageSize } = machine;
  const a = client.allocate(2 * pageSize);
  client.store32(a, 1);
  client.store32(a + pageSize, 1);
  machine.kernelState.vm.pager!.evict({ pool: 0 });
  const { objects, swap } = machine.inspect();
  assert.equal(
    objects.map(({ resident, swapped }) => [resident, swapped]),
    [[1, 1]],
  );
  assert.equal(swap, { total: 16, used: 1 });
});

suite.run();
plain.run();
