/** Physical memory: little-endian, any alignment, banks of 1 GiB (toolchain.md: long Uint8Arrays on Node 20). */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PhysicalMemory } from '../../src/hardware/physical-memory.ts';
import { seeded } from '../support/seeded.ts';

const test = suite('physical memory');
const bank = 2 ** 30;

test('stores little-endian at every alignment, in every width', () => {
  const memory = new PhysicalMemory(new SharedArrayBuffer(64));
  for (let at = 0; at < 8; at++) {
    memory.zero(0, 64);
    memory.store32(8 + at, 0x8899aabb);
    assert.equal(
      [0, 1, 2, 3].map((i) => memory.load8(8 + at + i)),
      [0xbb, 0xaa, 0x99, 0x88],
      `32 bits at ${at}`,
    );
    assert.is(memory.load32(8 + at), 0x8899aabb);
    assert.is(memory.load8(7 + at), 0);
    assert.is(memory.load8(12 + at), 0);
    memory.store16(8 + at, 0xfedc);
    assert.is(memory.load16(8 + at), 0xfedc);
    assert.is(memory.load32(8 + at), 0x8899fedc);
    memory.store8(8 + at, 0xff);
    assert.is(memory.load8(8 + at), 0xff);
  }
});

test('values of 32 bits are unsigned, at any alignment', () => {
  const memory = new PhysicalMemory(new SharedArrayBuffer(64));
  for (const at of [0, 1, 2, 3]) {
    memory.store32(at, 0xffffffff);
    assert.is(memory.load32(at), 0xffffffff);
  }
});

test('equals a DataView over the same bytes (property)', () => {
  const operation = fc.record({
    width: fc.constantFrom(1, 2, 4),
    at: fc.nat(28),
    value: fc.nat(0xffffffff),
    store: fc.boolean(),
  });
  seeded(
    fc.property(fc.array(operation, { maxLength: 50 }), (operations) => {
      const memory = new PhysicalMemory(new SharedArrayBuffer(32));
      const model = new DataView(new ArrayBuffer(32));
      for (const { width, at, value, store } of operations) {
        if (width === 1) {
          if (store) {
            memory.store8(at, value & 0xff);
            model.setUint8(at, value);
          }
          assert.is(memory.load8(at), model.getUint8(at));
        } else if (width === 2) {
          if (store) {
            memory.store16(at, value & 0xffff);
            model.setUint16(at, value, true);
          }
          assert.is(memory.load16(at), model.getUint16(at, true));
        } else {
          if (store) {
            memory.store32(at, value);
            model.setUint32(at, value, true);
          }
          assert.is(memory.load32(at), model.getUint32(at, true));
        }
      }
      assert.equal([...new Uint8Array(memory.buffer)], [...new Uint8Array(model.buffer)]);
    }),
  );
});

// Allocated lazily by the operating system: only the touched pages cost anything.
const large = new PhysicalMemory(new SharedArrayBuffer(2 * bank + 4096));

test('scalars and copies go across the edge of a bank', () => {
  for (const edge of [bank, 2 * bank]) {
    for (let before = 1; before < 4; before++) {
      large.store32(edge - before, 0x01020304 + before);
      assert.is(large.load32(edge - before), 0x01020304 + before, `${before} bytes before ${edge}`);
      assert.is(large.load8(edge), 4 - before, `byte at ${edge}`);
    }
    large.store16(edge - 1, 0xbeef);
    assert.is(large.load16(edge - 1), 0xbeef);
    assert.is(large.load8(edge - 1), 0xef);
    assert.is(large.load8(edge), 0xbe);
    const bytes = Uint8Array.from({ length: 64 }, (_, i) => i + 1);
    large.write(edge - 20, bytes, 4, 50);
    const back = new Uint8Array(60);
    large.read(edge - 20, back, 5, 50);
    assert.equal([...back], [0, 0, 0, 0, 0, ...bytes.subarray(4, 54), 0, 0, 0, 0, 0]);
  }
});

test('addresses beyond 2^31 name their own bytes', () => {
  large.store32(2 * bank + 8, 0xcafe0001);
  large.store32(8, 0x1111);
  assert.is(large.load32(2 * bank + 8), 0xcafe0001);
  assert.is(large.load8(2 * bank + 8), 1);
  assert.is(large.load32(8), 0x1111);
  large.store8(2 * bank + 4095, 0xaa);
  assert.is(large.load8(2 * bank + 4095), 0xaa);
});

test('zero and isZero see exactly their range, across banks too', () => {
  for (const start of [4096, bank - 4096, 2 * bank - 64]) {
    const length = 8192 - (start === 2 * bank - 64 ? 8192 - 128 : 0);
    large.zero(start - 4, length + 8);
    assert.ok(large.isZero(start, length));
    large.store8(start - 1, 1);
    large.store8(start + length, 1);
    assert.ok(large.isZero(start, length), 'the neighbours do not count');
    large.store8(start + length - 1, 1);
    assert.not(large.isZero(start, length), 'the last byte counts');
    large.zero(start, length);
    assert.ok(large.isZero(start, length));
    assert.is(large.load8(start - 1), 1);
    assert.is(large.load8(start + length), 1);
  }
});

test('an address behind the last bank is refused', () => {
  assert.throws(
    () => large.load8(3 * bank),
    (error: Error) => error instanceof RangeError && /0xc0000000/.test(error.message),
  );
  assert.throws(() => large.write(3 * bank, new Uint8Array(1), 0, 1), RangeError);
});

test.run();
