/**
 * What earlier probes have shown of each actor's steps, so that a later one can tell before a step what it will read and change, and what others may
 * still do. It is only ever a guess: a thread may do something else once it has read something else.
 */
import { Trait } from '../dpor/footprint-reader.ts';
import type { Footprints } from '../dpor/footprints.ts';

/** A step as it was seen: the same place in the same thread, about to do the same. */
export interface Expected {
  readonly intent: number;
  /** All that it was seen to read and change. */
  readonly footprints: number[];
  /** Bits of Trait that it was seen with. */
  traits: number;
}

export class Expectations {
  /** Actor → its steps by their number → what was seen there. */
  private readonly steps: Expected[][][] = [];

  constructor(private readonly footprints: Footprints) {}

  clear(): void {
    this.steps.length = 0;
  }

  /** The most steps that `actor` has ever taken. */
  length(actor: number): number {
    return this.steps[actor]?.length ?? 0;
  }

  note(actor: number, position: number, intent: number, footprint: number, traits: number): void {
    while (this.steps.length <= actor) this.steps.push([]);
    const steps = this.steps[actor]!;
    while (steps.length <= position) steps.push([]);
    let expected = this.find(actor, position, intent);
    if (expected === null) {
      expected = { intent, footprints: [], traits: 0 };
      steps[position]!.push(expected);
    }
    if (!expected.footprints.includes(footprint)) expected.footprints.push(footprint);
    expected.traits |= traits;
  }

  /** What `actor` will do at a place; null where that was never seen. */
  find(actor: number, position: number, intent: number): Expected | null {
    for (const expected of this.steps[actor]?.[position] ?? []) if (expected.intent === intent) return expected;
    return null;
  }

  conflict(expected: Expected, footprint: number): boolean {
    for (const own of expected.footprints) if (this.footprints.conflict(own, footprint)) return true;
    return false;
  }

  /**
   * Whether `actor` may still come to a step that conflicts with `expected`, having taken `position` steps, and none of `locks` being given back: their
   * footprints.
   */
  mayMeet(actor: number, position: number, expected: Expected, locks: readonly number[]): boolean {
    const steps = this.steps[actor];
    if (steps === undefined) return false;
    for (let at = position; at < steps.length; at++) {
      let goesOn = false;
      for (const other of steps[at]!) {
        if (this.isShutOut(other, locks)) continue;
        for (const footprint of other.footprints) if (this.conflict(expected, footprint)) return true;
        goesOn = true;
      }
      if (!goesOn) return false;
    }
    return false;
  }

  private isShutOut(taking: Expected, locks: readonly number[]): boolean {
    if ((taking.traits & Trait.Takes) === 0) return false;
    for (const lock of locks) if (this.conflict(taking, lock)) return true;
    return false;
  }
}
