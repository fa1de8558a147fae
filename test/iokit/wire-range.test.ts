/** `wireRange` on maps, and kIOMapPrefault: memory that is there without a fault (xnu-reference 1.2, 3.4.6). */
import * as assert from 'uvu/assert';
import {
  kIODirectionIn,
  kIODirectionOut,
  kIODirectionOutIn,
  kIOMapAnywhere,
  kIOMapPrefault,
  kIOMapReadOnly,
  kIOMapUnique,
} from '../../src/iokit/options.ts';
import { IOMemoryDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import {
  KERN_INVALID_ADDRESS,
  KERN_INVALID_ARGUMENT,
  KERN_PROTECTION_FAILURE,
  KERN_SUCCESS,
} from '../../src/vm/kern-return.ts';
import { machineSuite, type TestMachine } from '../support/machine.ts';

const { case: it, run } = machineSuite('wired ranges');

function mapped(m: TestMachine, pages: number, options = 0) {
  const address = m.other.allocate(pages * m.pageSize);
  const md = IOMemoryDescriptor.withAddressRange(address, pages * m.pageSize, kIODirectionOutIn, m.other);
  return { address, md, map: md.createMappingInTask(m.client, 0, kIOMapAnywhere | options) };
}

it('wiring a range enters its translations and holds its pages, whole pages at a time', (m) => {
  const { map } = mapped(m, 3);
  const at = map.getVirtualAddress();
  assert.is(map.wireRange(kIODirectionOutIn, m.pageSize - 1, 2), KERN_SUCCESS);
  for (const page of [0, 1]) {
    assert.is.not(m.frameOf(m.client, at + page * m.pageSize), 0);
    assert.is(m.wires(m.client, at + page * m.pageSize), 1);
  }
  assert.is(m.frameOf(m.client, at + 2 * m.pageSize), 0);
  assert.is(map.wireRange(kIODirectionIn, 0, 1), KERN_SUCCESS);
  assert.is(m.wires(m.client, at), 2);
  assert.is(map.wireRange(0, 0, 2 * m.pageSize), KERN_SUCCESS);
  assert.is(m.wires(m.client, at), 1);
  assert.is(m.wires(m.client, at + m.pageSize), 0);
  assert.is(map.wireRange(0, 0, 2 * m.pageSize), KERN_INVALID_ARGUMENT, 'one of them is not wired');
  assert.is(m.wires(m.client, at), 1);
  assert.is(map.wireRange(0, 0, 1), KERN_SUCCESS);
  map.release();
});

it('what cannot be wired leaves nothing wired', (m, semantics) => {
  const { map } = mapped(m, 2, kIOMapReadOnly);
  const at = map.getVirtualAddress();
  assert.is(map.wireRange(kIODirectionOut, 0, 1), KERN_PROTECTION_FAILURE);
  assert.is(map.wireRange(kIODirectionIn, 0, 1), KERN_SUCCESS, 'In is the right to read');
  assert.is(map.wireRange(kIODirectionIn, 0, 2 * m.pageSize + 1), KERN_INVALID_ADDRESS);
  assert.is(m.wires(m.client, at), 1);
  if (semantics === 'documented') assert.is(map.wireRange(kIODirectionIn, 2n ** 64n - 1n, 1), KERN_INVALID_ADDRESS);
  map.unmap();
  assert.is(map.wireRange(kIODirectionIn, 0, 1), KERN_INVALID_ARGUMENT);
  map.release();
});

for (const end of ['release', 'unmap', 'death', 'redirect'] as const) {
  it(
    `wired pages are given back by ${end}`,
    (m) => {
      const before = m.freeFrames;
      const { map, md, address } = mapped(m, 2);
      const at = map.getVirtualAddress();
      map.wireRange(kIODirectionOutIn, 0, 2 * m.pageSize);
      md.release();
      m.other.deallocate(address, 2 * m.pageSize);
      m.client.deallocate(at, m.pageSize);
      assert.is(m.freeFrames, before - 2, 'the map still holds them');
      if (end === 'unmap') map.unmap();
      if (end === 'death') m.kill(m.client);
      if (end === 'redirect') {
        const other = IOMemoryDescriptor.withAddressRange(m.other.allocate(2 * m.pageSize), 2 * m.pageSize, 3, m.other);
        map.redirect(other);
        assert.is(map.wireRange(0, 0, 2 * m.pageSize), KERN_SUCCESS);
        other.release();
      }
      map.release();
      assert.is(m.freeFrames, before);
    },
    end === 'redirect' ? ['documented'] : undefined,
  );
}

it('H16: prefaulting what is not prepared makes no map; in the sources addresses are lost', (m, semantics) => {
  const { md, map } = mapped(m, 2, kIOMapUnique);
  const entries = m.spaceOf(m.client).entries.count;
  assert.is(md.createMappingInTask(m.client, 0, kIOMapAnywhere | kIOMapPrefault | kIOMapUnique), null);
  assert.is(m.spaceOf(m.client).entries.count, entries + (semantics === 'xnu' ? 1 : 0));
  assert.equal(m.violations, semantics === 'xnu' ? ['leak'] : []);
  assert.is(md.createMappingInTask(m.client, 64 * m.pageSize, kIOMapPrefault | kIOMapUnique), null);
  assert.is(m.violations.length, semantics === 'xnu' ? 1 : 0, 'a place that was named is nobody’s loss');
  map.release();
});

it('device memory is mapped without prefaulting, prepared or not', (m) => {
  const md = IOMemoryDescriptor.withPhysicalAddress(16 * m.pageSize, m.pageSize, kIODirectionOutIn);
  const map = md.createMappingInTask(m.client, 0, kIOMapAnywhere | kIOMapPrefault);
  assert.is(m.frameOf(m.client, map.getVirtualAddress()), 0);
  m.client.load8(map.getVirtualAddress());
  map.release();
  const ranges = [16, 20].map((page) => ({ address: page * m.pageSize, length: m.pageSize }));
  const scattered = IOMemoryDescriptor.withAddressRanges(ranges, kIODirectionOutIn, null);
  assert.is(scattered.createMappingInTask(m.client, 0, kIOMapAnywhere | kIOMapUnique), null);
  assert.equal(m.violations, m.kernelState.configuration.semantics === 'xnu' ? ['leak'] : []);
});

run();
