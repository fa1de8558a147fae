/**
 * Waiting for a word to change: first by looking, which costs a core but takes a fraction of a microsecond, then asleep. How
 * long it looks adapts to whether looking paid lately, and every sleep is bounded, since no other thread is trusted to live.
 */
const least = 128;
/** Every so often it looks for long again, to find out whether the other side has become quick. */
const probeEvery = 32;

/** No sleep is longer, in milliseconds: whoever waits looks again at who is still there. */
export const longestSleep = 500;

export class Spin {
  private budget: number;
  private waits = 0;

  /** @param most looks before it sleeps; 0 where threads outnumber cores, since the one waited for needs the core */
  constructor(private readonly most: number) {
    this.budget = most;
  }

  /** Returns once `words[at]` is no longer `value`, or after `milliseconds`. */
  wait(words: Int32Array, at: number, value: number, milliseconds = longestSleep): void {
    const looks = ++this.waits % probeEvery === 0 ? this.most : this.budget;
    for (let i = 0; i < looks; i++) {
      if (Atomics.load(words, at) !== value) {
        // Several times what was needed: one late answer is no reason to sleep.
        this.budget = Math.min(this.most, Math.max(this.budget, 4 * i + least));
        return;
      }
    }
    this.budget = Math.min(this.most, Math.max(least, this.budget >> 1));
    if (milliseconds > 0) Atomics.wait(words, at, value, Math.min(milliseconds, longestSleep));
  }
}

/** Looks that are worth while for one of `threads` busy threads on `cores` cores. */
export const spinsFor = (threads: number, cores: number): number => (threads <= cores ? 20_000 : 0);

/**
 * Looks that are worth while for the thread of this number when it waits for the baton. Of more threads than cores one fewer than
 * there are cores look, always the same ones, and the others take turns over the core that is left: where nobody looks, each
 * handing on wakes a core that has gone idle meanwhile, which takes a virtual machine several times as long as the step.
 */
export const spinsForBaton = (thread: number, threads: number, cores: number): number =>
  spinsFor(thread < cores - 1 ? 1 : threads, cores);
