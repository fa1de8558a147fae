/**
 * Sleep sets (Godefroid, 1996): steps that were explored from an earlier point and have met no conflict since, so that whatever begins
 * with them has been had. One set for each step of the execution, each behind the one before.
 *
 * Where the tree is explored in shares some are foreign: what begins with them is had in another subtree, whose races plan nothing here.
 */
import type { Footprints } from './footprints.ts';
import { noChoices } from './variants.ts';

/** Words of a sleeper: its actor, its variant, its footprint, and 1 where it is foreign. */
const size = 4;

export class Sleepers {
  words = new Int32Array(64 * size);
  /** Step → where the set before it begins and ends, in words. */
  private starts = new Int32Array(64);
  private ends = new Int32Array(64);

  constructor(private readonly footprints: Footprints) {}

  static readonly size = size;

  start(step: number): number {
    return this.starts[step]!;
  }

  end(step: number): number {
    return this.ends[step]!;
  }

  /** Who sleeps before step `step`, to be put to sleep again later, as foreign. */
  before(step: number): Int32Array {
    const sleepers = this.words.slice(this.starts[step], this.ends[step]);
    for (let at = 0; at < sleepers.length; at += size) sleepers[at + 3] = 1;
    return sleepers;
  }

  /** These sleep before step `step`, to which an execution has come before. */
  putBack(step: number, sleepers: Int32Array): void {
    this.words.set(sleepers);
    this.starts[step] = 0;
    this.ends[step] = sleepers.length;
  }

  /** What begins with this step has been explored. Nothing behind `step` counts any longer. */
  add(step: number, actor: number, variant: number, footprint: number): void {
    this.ends[step] = this.push(this.ends[step]!, actor, variant, footprint, 0);
  }

  /** Step `step` was taken: who sleeps through it. */
  pass(step: number, actor: number, footprint: number): void {
    if (step + 1 === this.starts.length) this.grow();
    const from = this.ends[step]!;
    let end = from;
    for (let at = this.starts[step]!; at < from; at += size) {
      const { words } = this;
      if (words[at] === actor || this.footprints.conflict(words[at + 2]!, footprint)) continue;
      end = this.push(end, words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
    }
    this.starts[step + 1] = from;
    this.ends[step + 1] = end;
  }

  /** Whether exactly this step sleeps. */
  has(step: number, actor: number, variant: number): boolean {
    for (let at = this.starts[step]!; at < this.ends[step]!; at += size)
      if (this.words[at] === actor && this.words[at + 1] === variant) return true;
    return false;
  }

  /** How far the actor's next step sleeps: 0 not at all, 1 where `choose` answers in a certain way, 2 whatever it answers. */
  depth(step: number, actor: number): number {
    let depth = 0;
    for (let at = this.starts[step]!; at < this.ends[step]!; at += size)
      if (this.words[at] === actor) depth = Math.max(depth, this.words[at + 1] === noChoices ? 2 : 1);
    return depth;
  }

  private push(at: number, actor: number, variant: number, footprint: number, foreign: number): number {
    if (at + size > this.words.length) {
      const larger = new Int32Array(this.words.length * 2);
      larger.set(this.words);
      this.words = larger;
    }
    this.words[at] = actor;
    this.words[at + 1] = variant;
    this.words[at + 2] = footprint;
    this.words[at + 3] = foreign;
    return at + size;
  }

  private grow(): void {
    for (const name of ['starts', 'ends'] as const) {
      const larger = new Int32Array(this[name].length * 2);
      larger.set(this[name]);
      this[name] = larger;
    }
  }
}
