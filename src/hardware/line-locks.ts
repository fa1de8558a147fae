/**
 * Locks on cache lines, for threads that run at the same time: what a processor does to a line, no other one does meanwhile. Lines
 * share locks, and nobody holds two.
 *
 * A worker may be ended while it holds one. It is not asked for by name who that was: a lock is held for far less than a microsecond,
 * so one that does not come free for a second has nobody any more.
 */
const locks = 1024;
/** How often a thread looks again, and how often it then waits for a millisecond. */
const spins = 100;
const waits = 1000;

export class LineLocks {
  static readonly words = locks;

  /** @param words `LineLocks.words` of shared memory */
  constructor(private readonly words: Int32Array) {}

  acquire(line: number): void {
    const at = line & (locks - 1);
    for (let tries = 0; Atomics.compareExchange(this.words, at, 0, 1) !== 0 && tries < spins + waits; tries++)
      if (tries >= spins) Atomics.wait(this.words, at, 1, 1);
  }

  release(line: number): void {
    Atomics.store(this.words, line & (locks - 1), 0);
  }

  /** Nobody holds any: for when no thread runs. */
  reset(): void {
    this.words.fill(0);
  }
}
