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

export class Intents {
  /** Actor → its next step. */
  readonly next: Int32Array;
  /** Actor → its first step, once it has taken it; else 0. */
  readonly first: Int32Array;

  static words(actors: number): number {
    return 2 * actors;
  }

  constructor(words: Int32Array) {
    this.next = words.subarray(0, words.length / 2);
    this.first = words.subarray(words.length / 2);
  }

  /** Nobody has begun. */
  clear(): void {
    this.next.fill(0);
    this.first.fill(0);
  }

  /** `actor` will access memory; -1 where the page has to come first. */
  access(actor: number, physical: number, write: boolean): void {
    this.intend(actor, physical < 0 ? nothing : ((((physical >>> 2) + 1) << 1) & 0x7fffffff) | (write ? 1 : 0));
  }

  /** `actor` will make a kernel call about the object of `handle`; 0 where it names none. */
  call(actor: number, handle: number): void {
    this.intend(actor, handle === 0 ? nothing : (handle << 1) | 0x80000001);
  }

  end(actor: number): void {
    this.next[actor] = gone;
  }

  private intend(actor: number, code: number): void {
    if (this.next[actor] === 0) this.first[actor] = code;
    this.next[actor] = code;
  }
}

/** 0 for nothing that others share. */
export const objectOf = (code: number): number => (code === gone ? 0 : code >> 1);

/** Whether two steps of different actors are about the same object, and one may change it. */
export const conflict = (a: number, b: number): boolean =>
  objectOf(a) !== 0 && objectOf(a) === objectOf(b) && ((a | b) & 1) === 1;
