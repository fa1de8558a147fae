// deadline: 300
/**
 * Random sequences of descriptor calls from several tasks, against a model in which a descriptor is a list of places in plain
 * arrays, preparing is counting, and a map is another way to the same places.
 */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { kIODirectionOutIn, kIOMapAnywhere, kIOMapReadOnly, kIOMapUnique } from '../../src/iokit/options.ts';
import { checkInvariants } from '../../src/kernel/invariants.ts';
import { IOBufferMemoryDescriptor } from '../../src/task/iokit/io-buffer-memory-descriptor.ts';
import { IOMemoryDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import type { IOMemoryMap } from '../../src/task/iokit/io-memory-map.ts';
import { IOMultiMemoryDescriptor } from '../../src/task/iokit/io-multi-memory-descriptor.ts';
import { IOSubMemoryDescriptor } from '../../src/task/iokit/io-sub-memory-descriptor.ts';
import type { Task } from '../../src/task/task.ts';
import { type Semantics, TestMachine } from '../support/machine.ts';
import { seeded } from '../support/seeded.ts';

const pagesOfRegion = 6;
const mostBytes = 48;

/** Memory of a task, and what it holds. */
interface Region {
  readonly task: Task;
  readonly address: number;
  readonly bytes: Uint8Array;
}

interface Stretch {
  readonly region: Region;
  readonly at: number;
  readonly length: number;
}

/** What is wired as a whole: a descriptor of ranges. */
interface Root {
  readonly ranges: readonly Stretch[];
  prepares: number;
}

interface Description {
  readonly descriptor: IOMemoryDescriptor;
  readonly stretches: readonly Stretch[];
  readonly length: number;
  /** Those that are prepared with it, one of them maybe twice. */
  readonly roots: readonly Root[];
  /** Whether this finds its maps itself; a part asks its whole. */
  readonly ownMaps: boolean;
  prepares: number;
}

interface Mapping {
  readonly map: IOMemoryMap;
  readonly of: Description;
  readonly task: Task;
  readonly address: number;
  readonly offset: number;
  readonly length: number;
  readonly options: number;
}

class World {
  readonly machine: TestMachine;
  readonly regions: Region[];
  readonly descriptions: Description[] = [];
  readonly roots: Root[] = [];
  readonly mappings: Mapping[] = [];
  private readonly buffers: Region[] = [];
  private readonly freeFrames: number;
  private readonly objects: number;
  private next = 1;

  constructor(
    pageSize: 4096 | 16384,
    private readonly semantics: Semantics,
  ) {
    this.machine = new TestMachine({ pageSize, semantics });
    const { client, other, kernel } = this.machine;
    this.regions = [client, other].map((task) => {
      const bytes = new Uint8Array(pagesOfRegion * pageSize);
      const address = task.allocate(bytes.length);
      this.machine.touch(task, address, bytes.length, true);
      return { task, address, bytes };
    });
    // The kernel's tables grow with its first buffer.
    this.machine.enter(kernel, () => IOBufferMemoryDescriptor.withCapacity(pageSize, kIODirectionOutIn).release());
    this.freeFrames = this.machine.freeFrames;
    this.objects = this.liveObjects();
  }

  private liveObjects(): number {
    return [...this.machine.kernelState.handles.objects()].length;
  }

  /** Runs one command, with the kernel as the caller, and checks what must hold after each. */
  apply(body: () => void): void {
    this.machine.enter(this.machine.kernel, body);
    assert.equal(checkInvariants(this.machine.kernelState), []);
    assert.equal(this.machine.violations, []);
  }

  describe(descriptor: IOMemoryDescriptor, stretches: readonly Stretch[], roots: readonly Root[], ownMaps: boolean) {
    const length = stretches.reduce((sum, stretch) => sum + stretch.length, 0);
    assert.is(descriptor.getLength(), length);
    this.descriptions.push({ descriptor, stretches, length, roots, ownMaps, prepares: 0 });
  }

  private root(ranges: readonly Stretch[]): Root {
    const root = { ranges, prepares: 0 };
    this.roots.push(root);
    return root;
  }

  withRanges(region: Region, parts: readonly [number, number][]): void {
    const ranges = parts.map(([at, length]) => ({ region, at, length }));
    const addresses = parts.map(([at, length]) => ({ address: region.address + at, length }));
    const descriptor = IOMemoryDescriptor.withAddressRanges(addresses, kIODirectionOutIn, region.task);
    this.describe(descriptor, ranges, [this.root(ranges)], true);
  }

  withBuffer(length: number): void {
    const descriptor = IOBufferMemoryDescriptor.withCapacity(length, kIODirectionOutIn);
    // Memory may be full.
    if (descriptor === null) return;
    const region = { task: this.machine.kernel, address: descriptor.getBytesNoCopy(), bytes: new Uint8Array(length) };
    this.buffers.push(region);
    const stretches = [{ region, at: 0, length }];
    this.describe(descriptor, stretches, [this.root(stretches)], true);
  }

  withSub(of: Description, offset: number, length: number): void {
    const descriptor = IOSubMemoryDescriptor.withSubRange(of.descriptor, offset, length, kIODirectionOutIn);
    this.describe(descriptor, part(of.stretches, offset, length), of.roots, false);
  }

  withMulti(parts: readonly Description[]): void {
    const descriptor = IOMultiMemoryDescriptor.withDescriptors(
      parts.map((one) => one.descriptor),
      kIODirectionOutIn,
    );
    const stretches = parts.flatMap((one) => one.stretches);
    const roots = parts.flatMap((one) => one.roots);
    this.describe(descriptor, stretches, roots, true);
  }

  prepare(of: Description): void {
    assert.is(of.descriptor.prepare(), 0);
    of.prepares++;
    for (const root of of.roots) root.prepares++;
    this.checkWires();
  }

  complete(of: Description): void {
    assert.is(of.descriptor.complete(), 0);
    of.prepares--;
    for (const root of of.roots) root.prepares--;
    this.checkWires();
  }

  /** A page is wired once for each range of a prepared descriptor that touches it, however often that is prepared. */
  private checkWires(): void {
    const { machine } = this;
    for (const region of this.regions)
      for (let page = 0; page < pagesOfRegion; page++) {
        const start = page * machine.pageSize;
        const wired = this.roots
          .filter(({ prepares }) => prepares > 0)
          .flatMap(({ ranges }) => ranges)
          .filter((one) => one.region === region && one.at < start + machine.pageSize && one.at + one.length > start);
        assert.is(machine.wires(region.task, region.address + start), wired.length, `page ${page}`);
      }
  }

  readBytes(of: Description, offset: number, length: number): void {
    const bytes = new Uint8Array(length);
    assert.is(of.descriptor.readBytes(offset, bytes), length);
    assert.equal(bytes, read(part(of.stretches, offset, length)));
  }

  writeBytes(of: Description, offset: number, length: number): void {
    const bytes = this.fresh(length);
    assert.is(of.descriptor.writeBytes(offset, bytes), length);
    write(part(of.stretches, offset, length), bytes);
  }

  /** Segments lead to the bytes in physical memory, and end no later than the descriptor. */
  segments(of: Description): void {
    this.machine.hardware.caches?.empty();
    const memory = new Uint8Array(this.machine.hardware.memory.buffer);
    let at = 0;
    while (at < of.length) {
      const { address, length } = of.descriptor.getPhysicalSegment(at);
      assert.ok(length > 0 && at + length <= of.length, `${length} bytes at ${at} of ${of.length}`);
      assert.equal(memory.slice(address, address + length), read(part(of.stretches, at, length)));
      at += length;
    }
    assert.equal(of.descriptor.getPhysicalSegment(of.length), { address: 0, length: 0 });
  }

  map(of: Description, task: Task, options: number, offset: number, length: number): void {
    const aligned = this.isAligned(of);
    // The sources map parts that do not meet at page boundaries page by page, with what lies around them.
    if (!aligned && this.semantics === 'xnu') return;
    const map = of.descriptor.createMappingInTask(task, 0, kIOMapAnywhere | options, offset, length);
    const wanted = part(of.stretches, offset, length);
    assert.ok(map !== null || !aligned, 'what meets at page boundaries can be mapped');
    if (map === null) return;
    const address = map.getVirtualAddress();
    this.checkSharing(map, address, of, task, options, offset, length);
    assert.equal(task.read(address, Math.min(length, mostBytes)), read(part(wanted, 0, Math.min(length, mostBytes))));
    this.mappings.push({ map, of, task, address, offset, length, options });
  }

  /** Whether its parts meet at page boundaries, so that they can lie one after the other. */
  private isAligned({ stretches }: Description): boolean {
    const { pageSize } = this.machine;
    return stretches.every(
      ({ region, at, length }, i) =>
        (i === 0 || (region.address + at) % pageSize === 0) &&
        (i === stretches.length - 1 || (region.address + at + length) % pageSize === 0),
    );
  }

  /** Under `documented` a plain request shares the first map that holds it and is as writable; a unique one is like no other. */
  private checkSharing(
    map: IOMemoryMap,
    address: number,
    of: Description,
    task: Task,
    options: number,
    offset: number,
    length: number,
  ): void {
    const same = this.mappings.filter((one) => one.map.id === map.id);
    if ((options & kIOMapUnique) !== 0) assert.is(same.length, 0);
    if (!of.ownMaps || this.semantics === 'xnu' || (options & kIOMapUnique) !== 0) return;
    const holding = this.mappings.find(
      (one) =>
        one.of === of &&
        one.task === task &&
        one.options === options &&
        one.offset <= offset &&
        one.offset + one.length >= offset + length,
    );
    if (holding === undefined) return;
    assert.is(address, holding.address + (offset - holding.offset));
    if (offset === holding.offset && length === holding.length) assert.is(map.id, holding.map.id);
  }

  useMapping({ of, task, address, offset, length, options }: Mapping, at: number, store: boolean): void {
    const count = Math.min(length - at, mostBytes);
    const places = part(of.stretches, offset + at, count);
    const own =
      of.stretches.length === 1 &&
      of.stretches[0]!.region.task === task &&
      address === of.stretches[0]!.region.address + of.stretches[0]!.at + offset;
    if (store && (options & kIOMapReadOnly) !== 0 && !own) {
      assert.throws(
        () => task.write(address + at, this.fresh(count)),
        (error: Error) => error.name === 'MemoryFault',
      );
    } else if (store) {
      const bytes = this.fresh(count);
      task.write(address + at, bytes);
      write(places, bytes);
    }
    assert.equal(task.read(address + at, count), read(places));
  }

  unmap(number: number): void {
    const [mapping] = this.mappings.splice(number, 1);
    mapping!.map.release();
  }

  /** The handle goes; parts and maps of it keep what they need. */
  drop(number: number): void {
    const [of] = this.descriptions.splice(number, 1);
    while (of!.prepares > 0) this.complete(of!);
    of!.descriptor.release();
  }

  /** Straight into the memory, past all descriptors. */
  store(region: Region, at: number): void {
    const count = Math.min(region.bytes.length - at, mostBytes);
    const bytes = this.fresh(count);
    region.task.write(region.address + at, bytes);
    region.bytes.set(bytes, at);
  }

  /** Everything is given back: memory and handles are as they were. */
  end(): void {
    this.apply(() => {
      while (this.mappings.length > 0) this.unmap(0);
      while (this.descriptions.length > 0) this.drop(0);
    });
    for (const { task, address, bytes } of this.regions) assert.equal(task.read(address, bytes.length), bytes);
    assert.is(this.machine.freeFrames, this.freeFrames);
    assert.is(this.liveObjects(), this.objects);
  }

  private fresh(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => (this.next = (this.next * 31 + 7) & 0xff));
  }
}

/** Bytes `offset` to `offset + length` of what `stretches` name. */
function part(stretches: readonly Stretch[], offset: number, length: number): Stretch[] {
  const found: Stretch[] = [];
  let before = 0;
  for (const { region, at, length: bytes } of stretches) {
    const from = Math.max(offset, before);
    const to = Math.min(offset + length, before + bytes);
    if (from < to) found.push({ region, at: at + (from - before), length: to - from });
    before += bytes;
  }
  return found;
}

function read(stretches: readonly Stretch[]): Uint8Array {
  return Uint8Array.from(stretches.flatMap(({ region, at, length }) => [...region.bytes.subarray(at, at + length)]));
}

function write(stretches: readonly Stretch[], bytes: Uint8Array): void {
  let done = 0;
  for (const { region, at, length } of stretches) {
    region.bytes.set(bytes.subarray(done, done + length), at);
    done += length;
  }
}

type Step = (world: World, a: number, b: number, c: number) => void;
const from = <T>(list: readonly T[], number: number): T | undefined => list[number % Math.max(1, list.length)];
/** Numbers at the edges of pages more often than elsewhere. */
const within = (number: number, most: number, pageSize: number): number =>
  (number % 3 === 0 ? (number >> 2) * pageSize + ((number >> 1) % 3) - 1 + pageSize : number * 97) % most;

const steps: Record<string, Step> = {
  range(world, a, b, c) {
    const region = from(world.regions, a)!;
    const at = within(b, region.bytes.length, world.machine.pageSize);
    world.withRanges(region, [[at, 1 + within(c, region.bytes.length - at, world.machine.pageSize)]]);
  },
  ranges(world, a, b, c) {
    const { pageSize } = world.machine;
    const pages = [b % pagesOfRegion, c % pagesOfRegion, (b + c) % pagesOfRegion].slice(0, 2 + (a % 2));
    const region = from(world.regions, a)!;
    world.withRanges(
      region,
      pages.map((page) => [page * pageSize, pageSize]),
    );
  },
  buffer(world, a) {
    if (world.descriptions.length < 6)
      world.withBuffer(1 + within(a, 2 * world.machine.pageSize, world.machine.pageSize));
  },
  sub(world, a, b, c) {
    const of = from(world.descriptions, a);
    if (of === undefined || of.roots.length > 4) return;
    const offset = within(b, of.length, world.machine.pageSize);
    world.withSub(of, offset, 1 + within(c, of.length - offset, world.machine.pageSize));
  },
  multi(world, a, b, c) {
    const parts = [a, b, c].map((number) => from(world.descriptions, number));
    if (parts.every((one) => one !== undefined && one.roots.length < 3)) world.withMulti(parts as Description[]);
  },
  prepare(world, a) {
    const of = from(world.descriptions, a);
    if (of !== undefined) world.prepare(of);
  },
  complete(world, a) {
    const of = from(
      world.descriptions.filter(({ prepares }) => prepares > 0),
      a,
    );
    if (of !== undefined) world.complete(of);
  },
  readBytes(world, a, b, c) {
    const of = from(
      world.descriptions.filter(({ prepares }) => prepares > 0),
      a,
    );
    if (of === undefined) return;
    const offset = within(b, of.length, world.machine.pageSize);
    world.readBytes(of, offset, (c % of.length) % (of.length - offset));
  },
  writeBytes(world, a, b, c) {
    const of = from(
      world.descriptions.filter(({ prepares }) => prepares > 0),
      a,
    );
    if (of === undefined) return;
    const offset = within(b, of.length, world.machine.pageSize);
    world.writeBytes(of, offset, Math.min(c, of.length - offset));
  },
  segments(world, a) {
    const of = from(
      world.descriptions.filter(({ prepares }) => prepares > 0),
      a,
    );
    if (of !== undefined) world.segments(of);
  },
  map(world, a, b, c) {
    const of = from(world.descriptions, a);
    if (of === undefined) return;
    const { client, other, kernel, pageSize } = world.machine;
    const offset = b % 2 === 0 ? 0 : within(b, of.length, pageSize);
    const length = c % 3 !== 0 ? of.length - offset : 1 + within(c, of.length - offset, pageSize);
    const options = [0, 0, kIOMapReadOnly, kIOMapReadOnly, kIOMapUnique][c % 5]!;
    world.map(of, [client, other, kernel][b % 3]!, options, offset, length);
  },
  load(world, a, b) {
    const mapping = from(world.mappings, a);
    if (mapping !== undefined) world.useMapping(mapping, within(b, mapping.length, world.machine.pageSize), false);
  },
  storeThroughMap(world, a, b) {
    const mapping = from(world.mappings, a);
    if (mapping !== undefined) world.useMapping(mapping, within(b, mapping.length, world.machine.pageSize), true);
  },
  store(world, a, b) {
    const region = from(world.regions, a)!;
    world.store(region, within(b, region.bytes.length, world.machine.pageSize));
  },
  unmap(world, a) {
    if (world.mappings.length > 0) world.unmap(a % world.mappings.length);
  },
  drop(world, a) {
    if (world.descriptions.length > 3) world.drop(a % world.descriptions.length);
  },
};

/** A call, as fast-check shrinks and prints it. */
class Call implements fc.Command<object, World> {
  constructor(
    private readonly name: string,
    private readonly numbers: readonly [number, number, number],
  ) {}

  check(): boolean {
    return true;
  }

  run(_: object, world: World): void {
    world.apply(() => steps[this.name]!(world, ...this.numbers));
  }

  toString(): string {
    return `${this.name}(${this.numbers.join(', ')})`;
  }
}

const numbers = fc.tuple(fc.nat(999), fc.nat(999), fc.nat(999));
/** Maps are shared only where several are asked for. */
const often = ['map', 'map', 'storeThroughMap', 'prepare'];
const calls = fc.commands(
  [...Object.keys(steps), ...often].map((name) => numbers.map((values) => new Call(name, values))),
  { maxCommands: 50, size: 'max' },
);

for (const semantics of ['documented', 'xnu'] as const) {
  for (const pageSize of [4096, 16384] as const) {
    test(`descriptors of every make agree with lists of places [${semantics}, ${pageSize}]`, () => {
      seeded(
        fc.property(calls, (sequence) => {
          const world = new World(pageSize, semantics);
          fc.modelRun(() => ({ model: {}, real: world }), sequence);
          world.end();
        }),
        500,
      );
    });
  }
}

test.run();
