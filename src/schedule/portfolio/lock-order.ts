/**
 * In which order threads take locks, as executions show it, and the circles in it: each thread of a circle has held a lock while it took the one that the
 * next thread held (Havelund, "Using Runtime Analysis to Guide Model Checking of Java Programs", SPIN 2000). Threads that hold a common lock
 * meanwhile cannot be in a circle together.
 *
 * A lock is known by the code of a call about it (machine/intents.ts). One that takes no lock is taken to give it back. Where that is wrong a
 * circle is made up or missed, and no more: it is a prediction, which is tried.
 */
import { objectOf } from '../../machine/intents.ts';
import { Follower } from '../follower.ts';

/** `actor` took `wanted` while it held `own`, and all that was in `held`. */
export interface Taking {
  readonly actor: number;
  readonly own: number;
  readonly wanted: number;
  readonly held: readonly number[];
}

/** Takings that are kept, and circles that are found. */
const mostTakings = 512;
const mostCircles = 4;
const longestCircle = 16;
/** There may be very many chains of locks, and no circle. */
const mostLooks = 20_000;

export class LockOrder extends Follower {
  private readonly takings: Taking[] = [];
  /** Actor → locks that it holds. */
  private readonly held = new Map<number, number[]>();
  private readonly known = new Set<string>();

  /** Another execution begins; what earlier ones showed stays known. */
  override begin(number: number): void {
    super.begin(number);
    this.held.clear();
  }

  forget(): void {
    this.takings.length = 0;
    this.known.clear();
  }

  holds(actor: number, lock: number): boolean {
    return this.held.get(actor)?.includes(lock) === true;
  }

  /** The circles, each once, those first whose takings have been known for longer. */
  circles(): Taking[][] {
    const found: Taking[][] = [];
    let looks = 0;
    const walk = (path: Taking[], from: number): void => {
      const last = path[path.length - 1]!;
      // The one that was known first leads, so that each circle comes once.
      for (let i = from; i < this.takings.length && found.length < mostCircles && looks++ < mostLooks; i++) {
        const next = this.takings[i]!;
        if (next.own !== last.wanted) continue;
        if (path.some((one) => one.actor === next.actor || one.held.some((lock) => next.held.includes(lock)))) continue;
        const circle = [...path, next];
        if (next.wanted === path[0]!.own) found.push(circle);
        else if (circle.length < longestCircle) walk(circle, from);
      }
    };
    this.takings.forEach((taking, i) => {
      walk([taking], i + 1);
    });
    return found;
  }

  protected take(actor: number, code: number, lock: number): void {
    // Calls about handles alone have codes below zero.
    if (objectOf(code) >= 0) return;
    let held = this.held.get(actor);
    if (held === undefined) {
      held = [];
      this.held.set(actor, held);
    }
    const at = held.indexOf(code);
    if (lock === 0) {
      if (at >= 0) held.splice(at, 1);
    } else if (at < 0) {
      for (const own of held) this.note({ actor, own, wanted: code, held: [...held] });
      held.push(code);
    }
  }

  private note(taking: Taking): void {
    const key = `${taking.actor} ${taking.own} ${taking.wanted}`;
    if (this.known.has(key) || this.takings.length === mostTakings) return;
    this.known.add(key);
    this.takings.push(taking);
  }
}
