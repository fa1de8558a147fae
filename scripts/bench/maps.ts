/**
 * Making and unmapping maps while a thousand, ten thousand, a hundred thousand others live: of one descriptor, each of another
 * page, spread over the tasks of a machine with a gigabyte.
 */
import { kIODirectionInOut, kIOMapAnywhere } from '../../src/iokit/options.ts';
import { ScenarioMachine } from '../../src/machine/scenario-machine.ts';
import { IOMemoryDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import type { IOMemoryMap } from '../../src/task/iokit/io-memory-map.ts';
import { type Figure, median, rounds } from './measure.ts';

const tasks = 64;
const sizes = [1000, 10_000, 100_000] as const;
const sample = 1000;

export function mapFigures(): Figure[] {
  const names = Array.from({ length: tasks }, (_, i) => `task${i}`);
  const machine = new ScenarioMachine({ physicalMemory: 2 ** 30 }, names);
  const { pageSize } = machine.hardware;
  const [owner, ...others] = names.map((name) => machine.task(name));
  return machine.enter(machine.kernel, () => {
    const pages = sizes[2] + sample;
    const address = owner!.allocate(pages * pageSize);
    const descriptor = IOMemoryDescriptor.withAddressRange(address, pages * pageSize, kIODirectionInOut, owner!);
    const make = (page: number): IOMemoryMap =>
      descriptor.createMappingInTask(others[page % others.length]!, 0, kIOMapAnywhere, page * pageSize, pageSize);
    let live = 0;
    const curve = sizes.map((size) => {
      while (live < size) make(live++);
      return measure(make, live);
    });
    return [
      figure(
        'createMappingInTask',
        curve.map(({ create }) => create),
      ),
      figure(
        'unmap',
        curve.map(({ unmap }) => unmap),
      ),
    ];
  });
}

/** Microseconds a call, over rounds of as many maps beside `live` others. */
function measure(make: (page: number) => IOMemoryMap, live: number): { create: number; unmap: number } {
  const create: number[] = [];
  const unmap: number[] = [];
  for (let round = 0; round < rounds * 3; round++) {
    const start = performance.now();
    const maps = Array.from({ length: sample }, (_, i) => make(live + i));
    const made = performance.now();
    for (const map of maps) map.unmap();
    const unmapped = performance.now();
    for (const map of maps) map.release();
    create.push(((made - start) * 1000) / sample);
    unmap.push(((unmapped - made) * 1000) / sample);
  }
  return { create: median(create), unmap: median(unmap) };
}

function figure(name: string, curve: readonly number[]): Figure {
  const [few, , many] = curve as [number, number, number];
  const logarithm = Math.log(sizes[2]) / Math.log(sizes[0]);
  return {
    name: `${name} beside 100,000 live maps, 64 tasks, 1 GiB`,
    target: `under 10 µs, and at most ${logarithm.toFixed(2)} × that beside 1,000`,
    value: `${many.toFixed(1)} µs, ${(many / few).toFixed(2)} ×`,
    reached: many < 10 && many / few <= logarithm,
    behind: sizes.map((size, i) => `${curve[i]!.toFixed(1)} µs beside ${size.toLocaleString('en')}`).join(', '),
  };
}
