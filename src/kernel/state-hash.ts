/**
 * One number for all that the kernel is: two kernels with equal hashes answer every further call alike. It walks the objects
 * themselves, so that a new field cannot be forgotten; what is no state is named here.
 *
 * Physical memory itself is left out: what lies in it is the tasks'.
 */
import type { Kernel } from './kernel.ts';

/**
 * Fields that hold no state: ways out of the kernel, the answer in hand, logs of changes, caches, registries of what handles name, how many
 * memory objects there have been, which only names places for schedules, and what the journal keeps already.
 */
const skipped = new Set([
  'call',
  'copiesWholeSegments',
  'journal',
  'kernel',
  'reply',
  'copy',
  'observer',
  'hardware',
  'iommu',
  'environment',
  'registry',
  'prototype',
  'active',
  'descriptors',
  'maps',
  'shownBy',
  'shadowedBy',
  'residents',
  'store',
  'scratch',
  'atBase',
  'commands',
  'userClients',
  'objectNumbers',
  'ordinal',
  'keptIn',
  'ownerKeptIn',
]);

/** Numbers that only name things in traces, and follow the order in which they were made. */
const names = new Set(['key', 'readKey', 'wokenBy']);

export interface Hashed {
  /** False where time is a clock's and moves by itself. */
  readonly time?: boolean;
  /** False leaves out in which order things came that commute: which page tables are whose, and names in traces. No call can tell. */
  readonly order?: boolean;
}

export function stateHash(kernel: Kernel, { time = true, order = true }: Hashed = {}): string {
  const hash = new Walk(order);
  const { frames, tables, iommu, late, caches } = kernel.hardware;
  if (time) hash.number(kernel.sleepers.time);
  if (order) hash.number(kernel.lastKey);
  const optional = [order ? tables : null, iommu, late, caches].flatMap((part) => part?.state ?? []);
  for (const words of [...frames.state, ...optional]) hash.words(words);
  for (const key of ['tasks', 'threads', 'handles', 'addressQueues', 'meeting', 'byHand', 'iokit', 'vm'] as const) {
    hash.text(key);
    hash.value(kernel[key]);
  }
  return hash.digest();
}

class Walk {
  private a = 0x9e3779b9;
  private b = 0x7f4a7c15;
  private readonly seen = new Map<object, number>();
  private readonly double = new Float64Array(1);
  private readonly bits = new Int32Array(this.double.buffer);

  constructor(private readonly withNames: boolean) {}

  digest(): string {
    return (this.a >>> 0).toString(16).padStart(8, '0') + (this.b >>> 0).toString(16).padStart(8, '0');
  }

  value(value: unknown): void {
    switch (typeof value) {
      case 'number':
        return this.number(value);
      case 'string':
        return this.text(value);
      case 'boolean':
        return this.mix(value ? 3 : 2);
      case 'bigint':
        return this.text(value.toString(16));
      case 'object':
        return value === null ? this.mix(1) : this.object(value);
      default:
        // Functions are code, and undefined is nothing.
        return this.mix(0);
    }
  }

  number(value: number): void {
    this.double[0] = value === 0 ? 0 : value;
    this.mix(this.bits[0]!);
    this.mix(this.bits[1]!);
  }

  text(value: string): void {
    this.mix(value.length);
    for (let i = 0; i < value.length; i++) this.mix(value.charCodeAt(i));
  }

  words(words: Int32Array): void {
    this.mix(words.length);
    for (let i = 0; i < words.length; i++) this.mix(words[i]!);
  }

  private object(value: object): void {
    const known = this.seen.get(value);
    if (known !== undefined) return this.mix(0x10000 + known);
    this.seen.set(value, this.seen.size);
    if (Array.isArray(value)) {
      this.mix(value.length);
      for (const item of value) this.value(item);
    } else if (value instanceof Map) {
      this.entries([...value]);
    } else if (value instanceof Set) {
      this.entries([...value].map((item) => [item, true]));
    } else if (Symbol.iterator in value && !ArrayBuffer.isView(value) && !('next' in value)) {
      // What it holds, in order, and not how it keeps it.
      for (const item of value as Iterable<unknown>) this.value(item);
    } else if (ArrayBuffer.isView(value)) {
      this.view(value);
    } else if (typeof (value as { next?: unknown }).next === 'function') {
      // A call under way: where it stands cannot be seen, that it is there can.
      this.mix(5);
    } else {
      this.fields(value);
    }
  }

  private fields(value: object): void {
    const { name } = value.constructor ?? { name: '' };
    this.text(name);
    for (const key of Object.keys(value)) {
      const item = (value as Record<string, unknown>)[key];
      if (skipped.has(key) || (!this.withNames && names.has(key)) || typeof item === 'function') continue;
      this.text(key);
      this.value(item);
    }
  }

  /** Keys that are numbers or texts in their own order: when they were put in is nobody's business. An empty entry is state. */
  private entries(entries: [unknown, unknown][]): void {
    const sortable = entries.every(([key]) => typeof key === 'number' || typeof key === 'string');
    if (sortable) entries.sort(([a], [b]) => ((a as number) < (b as number) ? -1 : 1));
    this.mix(entries.length);
    for (const [key, item] of entries) {
      this.value(key);
      this.value(item);
    }
  }

  private view(view: ArrayBufferView): void {
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    this.mix(bytes.length);
    for (let i = 0; i < bytes.length; i++) this.mix(bytes[i]!);
  }

  private mix(word: number): void {
    this.a = Math.imul(this.a ^ word, 0x85ebca6b);
    this.a ^= this.a >>> 13;
    this.b = (Math.imul(this.b ^ word, 0xc2b2ae35) + this.a) | 0;
    this.b ^= this.b >>> 16;
  }
}
