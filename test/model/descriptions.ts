/**
 * The model of descriptors: below them are ranges of pages, above those are parts of others. What a call does to a descriptor it
 * does to its parts, one after the other.
 */
import { kIODirectionNone } from '../../src/iokit/options.ts';
import { kIOReturnInternalError } from '../../src/iokit/return-codes.ts';
import { type Place, part, type Space } from './pages.ts';
import type { Root } from './root.ts';

export interface Part {
  readonly of: Description;
  readonly start: number;
  readonly length: number;
}

export type Kind = 'general' | 'buffer' | 'sub' | 'multi' | 'interleaved';

/** A descriptor that a task has a handle of. */
export class Description {
  prepares = 0;
  tag = 0;
  /** Of an interleaved one: from a prepare to the next complete. */
  flagged = false;
  /** Bytes, where they are not those of its parts: buffers shrink and grow. */
  ownLength: number | null = null;
  /** Commands, maps and offers that need it to stay what it is. */
  uses = 0;
  context: Description | null = null;
  /** Of several together: whether they are buffers that are pageable. */
  pageable = false;
  /** Where a buffer's memory can be found while its handle is known. */
  home: { readonly space: Space; readonly address: number; readonly pages: number } | null = null;

  constructor(
    readonly id: number,
    /** Number of the task whose handle it is. */
    readonly owner: number,
    readonly kind: Kind,
    public direction: number,
    public root: Root | null,
    public parts: readonly Part[] = [],
  ) {}

  get length(): number {
    if (this.ownLength !== null) return this.ownLength;
    if (this.root !== null) return this.root.ranges.reduce((sum, { length }) => sum + length, 0);
    return this.parts.reduce((sum, { length }) => sum + length, 0);
  }

  /** What is prepared with it, one of them maybe twice. */
  get roots(): readonly Root[] {
    return this.root !== null ? [this.root] : this.parts.flatMap(({ of }) => of.roots);
  }

  get isPrepared(): boolean {
    return this.roots.every((root) => root.isPrepared);
  }

  get places(): Place[] | null {
    if (this.root !== null) {
      const all = this.root.places;
      return all === null || this.ownLength === null ? all : part(all, 0, this.ownLength);
    }
    const found: Place[] = [];
    for (const { of, start, length } of this.parts) {
      const inner = of.places;
      if (inner === null) return null;
      found.push(...part(inner, start, length));
    }
    return found;
  }

  prepare(direction: number, documented: boolean): number {
    if (this.root !== null) return this.root.prepare(direction, this.direction, documented);
    // It has nothing to prepare, and says so in its own way.
    if (this.parts.length === 0) return kIOReturnInternalError;
    const wanted = this.wanted(direction);
    for (const [at, { of }] of this.parts.entries()) {
      const code = of.prepare(wanted, documented);
      if (code === 0) continue;
      for (const before of this.parts.slice(0, at)) before.of.complete();
      return code;
    }
    if (this.kind === 'interleaved') this.flagged = true;
    return 0;
  }

  complete(): void {
    if (this.root !== null) this.root.complete();
    for (const { of } of this.parts) of.complete();
    if (this.kind === 'interleaved') this.flagged = false;
  }

  /** Whether a copy may pass; `misuse` when that breaks the rule about directions. */
  mayCopy(intoMemory: boolean, documented: boolean): 'yes' | 'no' | 'misuse' {
    if (this.root === null) {
      for (const { of } of this.parts) {
        const answer = of.mayCopy(intoMemory, documented);
        if (answer !== 'yes') return answer;
      }
      return 'yes';
    }
    if (!documented) return intoMemory && this.root.readOnly ? 'no' : 'yes';
    const direction = this.root.always ? this.direction : this.root.direction;
    return (direction & (intoMemory ? 1 : 2)) !== 0 ? 'yes' : 'misuse';
  }

  /** The descriptor that its maps belong to, and where its byte `offset` is there. */
  holderOf(offset: number): { readonly holder: Description; readonly offset: number } {
    if (this.kind !== 'sub') return { holder: this, offset };
    const { of, start } = this.parts[0]!;
    return of.holderOf(start + offset);
  }

  /** The handle is gone: whether the memory is gone too, others decide. */
  forget(): void {
    this.home?.space.hide(this.home.address, this.home.pages);
  }

  consistsOf(other: Description): boolean {
    return this === other || this.parts.some(({ of }) => of.consistsOf(other));
  }

  private wanted(direction: number): number {
    return direction === kIODirectionNone && this.kind !== 'sub' ? this.direction : direction;
  }
}
