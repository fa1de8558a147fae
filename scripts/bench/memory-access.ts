/** Translated loads and bulk copies of a free-running task, against the plain JavaScript they stand on. */

import { kIODirectionInOut } from '../../src/iokit/options.ts';
import { ScenarioMachine } from '../../src/machine/scenario-machine.ts';
import { IOMemoryDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import { alternately, type Figure, thousands } from './measure.ts';

const loads = 1024;
const bytes = 64 * 1024;

export async function memoryAccessFigures(): Promise<Figure[]> {
  const machine = new ScenarioMachine({ physicalMemory: 4 << 20 }, ['app']);
  const app = machine.task('app');
  const address = app.allocate(bytes);
  app.write(address, new Uint8Array(bytes).fill(7));
  return [await loadFigure(machine, address), ...(await copyFigures(machine, address))];
}

async function loadFigure(machine: ScenarioMachine, address: number): Promise<Figure> {
  const app = machine.task('app');
  const words = machine.hardware.memory.words;
  let sum = 0;
  const translated = (): void => {
    for (let i = 0; i < loads; i++) sum += app.load32(address + 4 * i);
  };
  const atomic = (): void => {
    for (let i = 0; i < loads; i++) sum += Atomics.load(words, 1024 + i);
  };
  for (let i = 0; i < 3000; i++) {
    translated();
    atomic();
  }
  const { a, b, ratio } = await alternately(3000, translated, atomic);
  return {
    name: 'translated load32, cache hit, against Atomics.load',
    target: 'at most 1.3 ×',
    value: `${ratio.toFixed(2)} ×`,
    reached: ratio <= 1.3,
    behind: `${(a / loads).toFixed(1)} ns, ${(b / loads).toFixed(1)} ns${sum === 0 ? '!' : ''}`,
  };
}

async function copyFigures(machine: ScenarioMachine, address: number): Promise<Figure[]> {
  const app = machine.task('app');
  const source = new Uint8Array(machine.hardware.memory.buffer, 4096, bytes);
  const target = new Uint8Array(bytes);
  const descriptor = machine.enter(machine.kernel, () => {
    const made = IOMemoryDescriptor.withAddressRange(address, bytes, kIODirectionInOut, app);
    made.prepare();
    return made;
  });
  const plain = (): void => target.set(source);
  // `read` makes the array it returns; the plain side does so too, or the ratio would measure the allocator.
  const plainFresh = (): void => {
    new Uint8Array(bytes).set(source);
  };
  const read = (): void => {
    app.read(address, bytes);
  };
  const readBytes = (): void => {
    descriptor.readBytes(0, target);
  };
  for (let i = 0; i < 500; i++) {
    plain();
    plainFresh();
    read();
    machine.enter(machine.kernel, readBytes);
  }
  const figure = (name: string, { a, b, ratio }: { a: number; b: number; ratio: number }, copies: number): Figure => ({
    name: `${name} of 64 KiB, against Uint8Array.set`,
    target: 'at least 0.8 ×',
    value: `${ratio.toFixed(2)} ×`,
    reached: ratio >= 0.8,
    behind: `${thousands(b / copies)} ns, plain ${thousands(a / copies)} ns`,
  });
  // Ten at a time: entering a task from outside is no part of the call.
  const tenTimes = (copy: () => void) => () =>
    machine.enter(machine.kernel, () => {
      for (let i = 0; i < 10; i++) copy();
    });
  return [
    figure('read', await alternately(2000, plainFresh, read), 1),
    figure('readBytes', await alternately(200, tenTimes(plain), tenTimes(readBytes)), 10),
  ];
}
