/**
 * What each actor is about to do, for strategies that want to know: a code for the object of its next step. Kept only where somebody
 * looks. On threads it lies in shared words, as the actors do.
 *
 * A code is 0 for an actor that has not begun (what its first step will be about nobody knows before it has taken it), 1 for a step
 * that is about nothing shared, otherwise an object in all bits but the lowest, which says whether the object may change:
 * the 32-bit word of memory at which an access begins, or the handle that a kernel call names first. Large numbers wrap: two objects with
 * one code are a loss of aim, not of truth.
 */
export const nothing = 1;
/** The thread has ended. */
export const gone = -1;
/** In place of a lock: the thread yields. No handle looks like this. */
export const yielding = -(2 ** 31);

export class Intents {
  /** Actor → its next step. */
  readonly next: Int32Array;
  /** Actor → its first step, once it has taken it; else 0. */
  readonly first: Int32Array;
  /** Actor → the lowest 32 bits of the handle of the lock that it is about to take, `yielding`, or 0. */
  readonly locks: Int32Array;
  /** The same of its first step, as earlier executions have shown it: nothing that others do changes what that is about. */
  readonly firstLocks: Int32Array;

  static words(actors: number): number {
    return 4 * actors;
  }

  constructor(words: Int32Array) {
    const actors = words.length / 4;
    this.next = words.subarray(0, actors);
    this.first = words.subarray(actors, 2 * actors);
    this.locks = words.subarray(2 * actors, 3 * actors);
    this.firstLocks = words.subarray(3 * actors);
  }

  /** Nobody has begun. */
  clear(): void {
    this.next.fill(0);
    this.first.fill(0);
    this.locks.set(this.firstLocks);
  }

  /** `actor` will access memory; -1 where the page has to come first. */
  access(actor: number, physical: number, write: boolean): void {
    this.intend(actor, physical < 0 ? nothing : ((((physical >>> 2) + 1) << 1) & 0x7fffffff) | (write ? 1 : 0));
  }

  /** `actor` will make a kernel call about the object of `handle`; 0 where it names none. `takesLock`: a lock, to take it. */
  call(actor: number, handle: number, takesLock: boolean): void {
    this.intend(actor, handle === 0 ? nothing : (handle << 1) | 0x80000001, takesLock ? handle : 0);
  }

  /** `actor` will let others go first. */
  yield(actor: number): void {
    this.intend(actor, nothing, yielding);
  }

  end(actor: number): void {
    this.next[actor] = gone;
  }

  private intend(actor: number, code: number, lock = 0): void {
    if (this.next[actor] === 0) {
      this.first[actor] = code;
      this.firstLocks[actor] = lock === yielding ? 0 : lock;
    }
    this.next[actor] = code;
    this.locks[actor] = lock;
  }
}

/** 0 for nothing that others share. */
export const objectOf = (code: number): number => (code === gone ? 0 : code >> 1);

/** Whether two steps of different actors are about the same object, and one may change it. */
export const conflict = (a: number, b: number): boolean =>
  objectOf(a) !== 0 && objectOf(a) === objectOf(b) && ((a | b) & 1) === 1;
