/** Store buffers as hardware: in which order stores reach memory, and what their own thread sees meanwhile. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BufferedMemory } from '../../src/hardware/buffered-memory.ts';
import { configure, type MemoryModel } from '../../src/hardware/configuration.ts';
import { Hardware } from '../../src/hardware/hardware.ts';
import { pteFrameShift, pteRead, pteWrite } from '../../src/hardware/page-table.ts';

const test = suite('store buffers');

function build(memoryModel: MemoryModel, thread = 0) {
  const hardware = Hardware.build(configure({ physicalMemory: 2 ** 20, memoryModel }));
  const stores = hardware.stores!;
  const own = new BufferedMemory(hardware.memory, stores, thread);
  return { hardware, memory: hardware.memory, stores, own };
}

test('without a model there is none', () => {
  assert.is(Hardware.build(configure({ physicalMemory: 2 ** 20 })).stores, null);
});

test('a thread sees its own stores, byte by byte, and nobody else does', () => {
  const { memory, own } = build('tso');
  own.store64(8, 0x33221100, 0x77665544);
  own.store8(10, 0xaa);
  own.store16(13, 0xbbcc);
  assert.equal([own.load32(8), own.load32(12)], [0x33aa1100, 0x77bbcc44]);
  assert.is(own.load16(9), 0xaa11);
  const bytes = new Uint8Array(4);
  own.read(9, bytes, 0, 4);
  assert.equal([...bytes], [0x11, 0xaa, 0x33, 0x44]);
  assert.equal([memory.load32(8), memory.load32(12)], [0, 0]);
});

test('in order, one at a time: tso', () => {
  const { memory, own, stores } = build('tso');
  own.storing(7, 0x1000);
  own.store32(0, 1);
  own.storing(8, 0x1040);
  own.store32(64, 2);
  assert.is(stores.ways(0), 1);
  const { operation, address, physical, length, low } = stores.drain(0, 0);
  assert.equal([operation, address, physical, length, low], [7, 0x1000, 0, 4, 1]);
  assert.equal([memory.load32(0), memory.load32(64), stores.count(0), stores.isEmpty], [1, 0, 1, false]);
  stores.drain(0, 0);
  assert.equal([memory.load32(64), stores.ways(0), stores.isEmpty], [2, 0, true]);
});

test('in any order but that of stores which share a byte: pso', () => {
  const { memory, own, stores } = build('pso');
  own.store32(0, 0x11111111);
  own.store8(64, 2);
  own.store16(3, 0x4433);
  own.store8(64, 3);
  assert.is(stores.ways(0), 2);
  stores.drain(0, 1);
  assert.equal([memory.load8(64), memory.load32(0)], [2, 0]);
  assert.is(stores.ways(0), 2);
  stores.drain(0, 0);
  assert.equal([memory.load32(0), memory.load8(4)], [0x11111111, 0]);
  stores.drain(0, 0);
  assert.equal([memory.load32(0), memory.load8(4)], [0x33111111, 0x44]);
  stores.drain(0, 0);
  assert.is(memory.load8(64), 3);
});

test('stores where nobody looks are told apart', () => {
  for (const [model, way] of [
    ['tso', -1],
    ['pso', 1],
  ] as const) {
    const { own, stores } = build(model);
    const points = new Uint8Array(256);
    points[0] = 1;
    stores.watch(points);
    own.store32(0, 1);
    own.store32(4096, 1);
    assert.is(stores.unnoticed(0), way, model);
    stores.drain(0, 0);
    assert.is(stores.unnoticed(0), 0, model);
    stores.watch(null);
    assert.is(stores.unnoticed(0), -1, model);
  }
});

test('a page that loses the right to be stored to gets its stores, with all that are before them, and says so', () => {
  for (const lose of ['protect', 'clear', 'replace', 'destroy'] as const) {
    const { hardware, memory, own, stores } = build('tso', 255);
    const { tables } = hardware;
    const heard: number[] = [];
    stores.listener = (thread, { low }) => heard.push(thread, low);
    tables.set(1, 16, (3 << pteFrameShift) | pteRead | pteWrite);
    own.store32(4096, 5);
    own.store32(3 * 4096, 6);
    tables.set(1, 17, (9 << pteFrameShift) | pteRead | pteWrite);
    tables.clear(1, 17);
    assert.equal(heard, [], 'a page that has none waiting');
    if (lose === 'protect') tables.set(1, 16, (3 << pteFrameShift) | pteRead);
    else if (lose === 'clear') tables.clear(1, 16);
    else if (lose === 'replace') tables.set(1, 16, (4 << pteFrameShift) | pteRead | pteWrite);
    else tables.destroy(1);
    assert.equal(heard, [255, 5, 255, 6], lose);
    assert.equal([memory.load32(4096), memory.load32(3 * 4096), stores.isEmpty], [5, 6, true], lose);
  }
});

test('there is room for so many, and no more', () => {
  const { own, stores } = build('tso');
  while (!stores.isFull(0)) own.store8(0, 1);
  assert.is(stores.count(0), 32);
  assert.throws(() => own.store8(0, 1), /the store buffer of thread 0 is full/);
  stores.clear();
  assert.is(stores.isEmpty, true);
});

test.run();
