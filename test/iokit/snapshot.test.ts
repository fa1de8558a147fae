/** Maps of kIOMemoryMapCopyOnWrite descriptors show the memory as it was; everything else shows what it is (3.3.5). */
import * as assert from 'uvu/assert';
import {
  kIODirectionIn,
  kIODirectionOut,
  kIODirectionOutIn,
  kIOMapAnywhere,
  kIOMapReadOnly,
  kIOMemoryMapCopyOnWrite,
} from '../../src/iokit/options.ts';
import { IOMemoryDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import { machineSuite } from '../support/machine.ts';

const suite = machineSuite('snapshots');

const word = (descriptor: IOMemoryDescriptor, offset = 0): number => {
  const bytes = new Uint8Array(4);
  assert.is(descriptor.readBytes(offset, bytes), 4);
  return new DataView(bytes.buffer).getUint32(0, true);
};

suite.case('C59: the map shows the old bytes, readBytes after a prepare the new ones', (machine) => {
  const { client, other, pageSize } = machine;
  const before = machine.freeFrames;
  const a = client.allocate(2 * pageSize);
  client.store32(a + 4, 1);
  const descriptor = IOMemoryDescriptor.withAddressRange(
    a + 4,
    pageSize,
    kIODirectionOutIn | kIOMemoryMapCopyOnWrite,
    client,
  );
  const map = descriptor.createMappingInTask(other, 0, kIOMapAnywhere);
  const at = map.getVirtualAddress();
  assert.is(at % pageSize, 4);
  client.store32(a + 4, 2);
  assert.is(other.load32(at), 1);
  assert.is(descriptor.prepare(), 0);
  assert.is(word(descriptor), 2);
  descriptor.writeBytes(0, new Uint8Array([3, 0, 0, 0]));
  assert.equal([other.load32(at), client.load32(a + 4)], [1, 3]);
  descriptor.complete();
  map.release();
  descriptor.release();
  client.deallocate(a, 2 * pageSize);
  assert.is(machine.freeFrames, before);
});

suite.case('what is stored through a map stays in that map', (machine) => {
  const { client, other, kernel, pageSize } = machine;
  const a = client.allocate(pageSize);
  client.store32(a, 1);
  const descriptor = IOMemoryDescriptor.withAddressRange(a, pageSize, kIODirectionIn | kIOMemoryMapCopyOnWrite, client);
  const one = descriptor.createMappingInTask(other, 0, kIOMapAnywhere);
  const two = descriptor.map();
  other.store32(one.getVirtualAddress(), 5);
  assert.equal([client.load32(a), kernel.load32(two.getVirtualAddress())], [1, 1]);
  client.store32(a, 2);
  assert.equal([other.load32(one.getVirtualAddress()), kernel.load32(two.getVirtualAddress())], [5, 1]);
  for (const object of [one, two, descriptor]) object.release();
});

suite.case('the snapshot is taken at the first request of any kind, not at creation', (machine) => {
  const { client, other, pageSize } = machine;
  const a = client.allocate(pageSize);
  const descriptor = IOMemoryDescriptor.withAddressRange(
    a,
    pageSize,
    kIODirectionOut | kIOMemoryMapCopyOnWrite,
    client,
  );
  client.store32(a, 1);
  const own = descriptor.createMappingInTask(client, 0, kIOMapAnywhere);
  assert.is(own.getVirtualAddress(), a);
  client.store32(a, 2);
  const map = descriptor.createMappingInTask(other, 0, kIOMapAnywhere | kIOMapReadOnly);
  assert.is(other.load32(map.getVirtualAddress()), 1);
  for (const object of [own, map, descriptor]) object.release();
});

suite.case('memory that a device is storing to is in the snapshot as it was', (machine) => {
  const { client, other, pageSize } = machine;
  const a = client.allocate(2 * pageSize);
  client.store32(a, 1);
  const wired = IOMemoryDescriptor.withAddressRange(a, pageSize, kIODirectionIn, client);
  wired.prepare();
  const descriptor = IOMemoryDescriptor.withAddressRange(
    a,
    2 * pageSize,
    kIODirectionOutIn | kIOMemoryMapCopyOnWrite,
    client,
  );
  const map = descriptor.createMappingInTask(other, 0, kIOMapAnywhere);
  wired.writeBytes(0, new Uint8Array([7, 0, 0, 0]));
  client.store32(a + pageSize, 7);
  const at = map.getVirtualAddress();
  assert.equal([client.load32(a), other.load32(at), other.load32(at + pageSize)], [7, 1, 0]);
  wired.complete();
  for (const object of [wired, map, descriptor]) object.release();
});

suite.case('C58: once mapped, a descriptor stays with its memory; the snapshot outlives task and memory', (machine) => {
  const { client, other, pageSize } = machine;
  const a = client.allocate(pageSize, { address: 64 * pageSize });
  client.store32(a, 1);
  const descriptor = IOMemoryDescriptor.withAddressRange(
    a,
    pageSize,
    kIODirectionOut | kIOMemoryMapCopyOnWrite,
    client,
  );
  const never = IOMemoryDescriptor.withAddressRange(a, pageSize, kIODirectionOut, client);
  const map = descriptor.createMappingInTask(other, 0, kIOMapAnywhere);
  client.store32(a, 2);
  client.deallocate(a, pageSize);
  client.allocate(pageSize, { address: a });
  client.store32(a, 3);
  for (const one of [descriptor, never]) assert.is(one.prepare(), 0);
  assert.equal([word(descriptor), word(never)], [2, 3]);
  machine.kill(client);
  assert.equal([word(descriptor), word(never), other.load32(map.getVirtualAddress())], [2, 3, 1]);
  for (const one of [descriptor, never]) {
    one.complete();
    one.release();
  }
  map.release();
});

suite.run();
