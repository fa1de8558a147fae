/** Memory cursors: the cases C120 to C125 of the reference (1.9, 3.12). */
import * as assert from 'uvu/assert';
import { kIODirectionOut } from '../../src/iokit/options.ts';
import {
  type CursorResult,
  IOBigMemoryCursor,
  IOLittleMemoryCursor,
  IOMemoryCursor,
  IONaturalMemoryCursor,
} from '../../src/task/iokit/io-memory-cursor.ts';
import { IOMemoryDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import { writeSegments } from '../../src/task/iokit/segment-format.ts';
import { contiguous, physical, prepared, scattered } from '../support/dma.ts';
import { machineSuite } from '../support/machine.ts';

const { case: it, run } = machineSuite('memory cursors');
const nothing: CursorResult = { count: 0, segments: new Uint8Array(0), transferSize: 0 };

/** Address and length of each record of a little-endian cursor. */
function records({ count, segments }: CursorResult): [number, number][] {
  const view = new DataView(segments.buffer);
  assert.is(segments.length, 16 * count);
  return Array.from({ length: count }, (_, i) => [
    Number(view.getBigUint64(16 * i, true)),
    Number(view.getBigUint64(16 * i + 8, true)),
  ]);
}

it('C120 memory is cut to the largest segment', (m) => {
  const address = contiguous(m, 3);
  const md = prepared(m, address, 0x2800);
  const cursor = IONaturalMemoryCursor.withSpecification(0x1000);
  const made = cursor.getPhysicalSegments(md, 0, 8);
  const start = physical(m, address);
  assert.equal(records(made), [
    [start, 0x1000],
    [start + 0x1000, 0x1000],
    [start + 0x2000, 0x800],
  ]);
  assert.is(made.transferSize, 0x2800);
  assert.equal(cursor.genPhysicalSegments(md, 0, 8), made);
  cursor.release();
});

it('C121 what does not fit is for the next call', (m) => {
  const md = prepared(m, contiguous(m, 3), 0x2800);
  const cursor = IOLittleMemoryCursor.withSpecification(0x1000);
  const first = cursor.getPhysicalSegments(md, 0, 2);
  assert.is(first.count, 2);
  assert.is(first.transferSize, 0x2000);
  const second = cursor.getPhysicalSegments(md, first.transferSize, 2);
  assert.equal(
    records(second).map(([, length]) => length),
    [0x800],
  );
  assert.is(second.transferSize, 0x800);
  cursor.release();
});

it('C122 no more than the largest transfer, of the call or of the cursor', (m) => {
  const md = prepared(m, contiguous(m, 3), 0x2800);
  const cursor = IONaturalMemoryCursor.withSpecification(0x1000, 0x1900);
  const lengths = (most: number) => records(cursor.getPhysicalSegments(md, 0, 8, most)).map(([, length]) => length);
  assert.equal(lengths(0x1800), [0x1000, 0x800]);
  assert.equal(lengths(0), [0x1000, 0x900]);
  assert.equal(lengths(0x2000), [0x1000, 0x1000], "the call's limit counts, not the cursor's");
  assert.is(cursor.getPhysicalSegments(md, 0, 8, 0x1800).transferSize, 0x1800);
  assert.is(cursor.getPhysicalSegments(md, 0, 1, 0x1800).transferSize, 0x1000, 'what was emitted');
  cursor.release();
});

it('C123 nothing at the end, of no memory, or without room', (m) => {
  const md = prepared(m, contiguous(m, 1), 16);
  const cursor = IOBigMemoryCursor.withSpecification(0x1000);
  assert.equal(cursor.getPhysicalSegments(md, 16, 8), nothing);
  assert.equal(cursor.getPhysicalSegments(md, 2n ** 63n, 8), nothing);
  assert.equal(cursor.getPhysicalSegments(null, 0, 8), nothing);
  assert.equal(cursor.getPhysicalSegments(md, 0, 0), nothing);
  assert.is(cursor.getPhysicalSegments(md, 15, 8).transferSize, 1);
  cursor.release();
});

it('C124 records have the order of their cursor', () => {
  const segment = [{ address: 0x1234567890abcdefn, length: 0x1122 }];
  const big = [0x12, 0x34, 0x56, 0x78, 0x90, 0xab, 0xcd, 0xef, 0, 0, 0, 0, 0, 0, 0x11, 0x22];
  const little = [...big.slice(0, 8).reverse(), ...big.slice(8).reverse()];
  assert.equal([...writeSegments(IOBigMemoryCursor.outputSegment, segment)], big);
  assert.equal([...writeSegments(IOLittleMemoryCursor.outputSegment, segment)], little);
  assert.equal([...writeSegments(IONaturalMemoryCursor.outputSegment, segment)], little);
  const md = IOMemoryDescriptor.withPhysicalAddress(0x12_3456_7890, 0x1122, kIODirectionOut);
  for (const cursor of [
    IOBigMemoryCursor.withSpecification(0x2000),
    IOMemoryCursor.withSpecification(IOBigMemoryCursor.outputSegment, 0x2000),
  ]) {
    const { segments } = cursor.genPhysicalSegments(md, 0, 1);
    assert.equal([...segments], [0, 0, 0, 0x12, 0x34, 0x56, 0x78, 0x90, ...big.slice(8)]);
    cursor.release();
  }
});

it('C125 a cursor needs an output function, and a transfer size of 32 bits', () => {
  assert.is(IOMemoryCursor.withSpecification(0, 0x1000), null);
  assert.is(IONaturalMemoryCursor.withSpecification(0x1000, 2 ** 32), null);
  assert.is(IONaturalMemoryCursor.withSpecification(0x1000, 2n ** 40n), null);
  assert.throws(() => IONaturalMemoryCursor.withSpecification(0x1000, 0, 4), RangeError);
  for (const cursor of [
    IONaturalMemoryCursor.withSpecification(0x1000, 2 ** 32 - 1),
    IOBigMemoryCursor.withSpecification(2n ** 60n),
    IOMemoryCursor.withSpecification(IOLittleMemoryCursor.outputSegment, 1),
  ])
    cursor.release();
});

it('H26 a largest segment of 0 makes no cursor; in the sources it makes empty segments', (m, semantics) => {
  const cursor = IONaturalMemoryCursor.withSpecification(0);
  if (semantics === 'documented') {
    assert.is(cursor, null);
    return;
  }
  const address = contiguous(m, 1);
  const made = cursor.getPhysicalSegments(prepared(m, address, 16), 0, 3);
  assert.equal(records(made), Array(3).fill([physical(m, address), 0]));
  assert.is(made.transferSize, 0);
  cursor.release();
});

it('adjacent segments are joined, others are not', (m) => {
  const address = contiguous(m, 2);
  const ranges = [0, 1].map((page) => ({ address: address + page * m.pageSize, length: m.pageSize }));
  const md = IOMemoryDescriptor.withAddressRanges(ranges, kIODirectionOut, m.client);
  md.prepare();
  const cursor = IONaturalMemoryCursor.withSpecification(2 ** 20);
  assert.equal(records(cursor.getPhysicalSegments(md, 4, 8)), [[physical(m, address) + 4, 2 * m.pageSize - 4]]);
  const apart = prepared(m, scattered(m, 3), 3 * m.pageSize);
  assert.is(cursor.getPhysicalSegments(apart, 0, 8).count, 3);
  cursor.release();
});

it('memory must be prepared', (m) => {
  const md = IOMemoryDescriptor.withAddressRange(contiguous(m, 1), 16, kIODirectionOut, m.client);
  const cursor = IONaturalMemoryCursor.withSpecification(16);
  assert.throws(
    () => cursor.getPhysicalSegments(md, 0, 1),
    (error: Error) => error.name === 'KernelPanic',
  );
  cursor.release();
});

it(
  'a cursor answers device addresses where there is a mapper',
  (m) => {
    const md = prepared(m, scattered(m, 3), 3 * m.pageSize);
    const cursor = IONaturalMemoryCursor.withSpecification(2 ** 20);
    assert.equal(records(cursor.getPhysicalSegments(md, 0, 8)), [[md.getPhysicalAddress(), 3 * m.pageSize]]);
    md.complete();
    cursor.release();
  },
  undefined,
  { mapper: {} },
);

run();
