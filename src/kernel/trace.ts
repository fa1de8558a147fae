/**
 * The trace: everything observable of one execution, in order, as words. Detectors, pictures, tokens, hashes and the records
 * that re-execution compares with are functions of it and of nothing else.
 *
 * An event is eight words and then `extra` more:
 *
 *   0 tag        kind + 64 × actor
 *   1 operation  number of the operation within its thread, from 0
 *   2 subject    virtual address, or number of the kernel call, or key of a synchronisation
 *   3 physical   physical address, or -1 (not hashed: an observation, not an input)
 *   4 length     bytes of an access; status of a call
 *   5 low        value, lower 32 bits; or a double
 *   6 high       value, upper 32 bits; second operand
 *   7 extra      number of words that follow
 */
export const Kind = {
  Load8: 1,
  Load16: 2,
  Load32: 3,
  Load64: 4,
  Store8: 5,
  Store16: 6,
  Store32: 7,
  Store64: 8,
  AtomicLoad: 9,
  AtomicStore: 10,
  AtomicAdd: 11,
  AtomicSub: 12,
  AtomicAnd: 13,
  AtomicOr: 14,
  AtomicXor: 15,
  AtomicExchange: 16,
  AtomicCompareExchange: 17,
  /** One fragment of a bulk copy out of, or into, memory. */
  Read: 18,
  Write: 19,
  /** First step of a kernel call; extra: its arguments. */
  Call: 20,
  /** A later step of it. */
  Continue: 21,
  Choose: 22,
  Yield: 23,
  Random: 24,
  /** A step of the clock: low = the new time in nanoseconds. */
  Clock: 25,
  /** The only step of a thread that ended without an operation: schedules are written in steps, and its end has a place too. */
  Idle: 26,
  /** A step of the pager: words 3 and 4 say which frame went; low = pages that went, 0 when none could. */
  PageOut: 27,
  /** A step of the purger, which empties an object; low = 1 when there was one. */
  Purge: 28,
  /**
   * A store left its thread's buffer and reached memory: its operation and address, words 3 and 4, its value; extra: its place among
   * those that could have gone, where there were several.
   */
  Drain: 29,
  /** A line left the data cache: words 3 and 4; subject = 1 when it was written back; low = its place among those that differed. */
  Evict: 31,
  // From here on events are no steps.
  /** A bulk access begins; low and high: hash of what will be written. */
  Bulk: 32,
  /** An operation of several steps ends; length: status; extra: its result. */
  Return: 33,
  /** Happens-before: the actor takes over, or hands on, what `subject` orders. */
  Acquire: 34,
  Release: 35,
  /**
   * A rule was broken; subject: number of the rule; low: what it is about (rules.ts); high: an address of that page, or 0; extra: actor and
   * operation of each step that it is due to, where the actor's own last one is not it.
   */
  Violation: 36,
  /** The actor ended; low: 0 returned, 2 failed, 3 died (as `Stop` in machine/controlled-thread.ts). */
  End: 37,
  /** A kernel object was used in a way that the caller must serialise: subject = handle of the object, low = 1 exclusive. */
  Touch: 38,
  /** The access of the event before reaches into a second page: subject = its kind, words 3 and 4 the bytes there, low = cache policy. */
  Straddle: 39,
  /** After the threads have ended, `check` or `outcome` broke the rule of that number. Not hashed: it follows from the rest. */
  Verdict: 40,
  /** A page frame is used again, for other memory: what was done to its bytes (words 3 and 4) before is history. Not hashed. */
  Recycled: 41,
  /** A page went to swap from where words 3 and 4 say; subject = key of what happened to it. Not hashed, nor are the next two. */
  PagedOut: 42,
  /** It came back, to where words 3 and 4 say. */
  PagedIn: 43,
  /** A page was copied, from the physical address in `subject`. */
  Moved: 44,
  /**
   * Something happened to the page frame that words 3 and 4 say: subject = a PageFate, low = the space it is about, high = the address
   * there; extra: rights, or wirings, or the end of an entry, which is about no frame. Only where a failure is told (machine/page-history.ts). Not hashed.
   */
  Page: 45,
  /** Something happened to the handle in low: subject = a HandleFate, high = the holder, length = references it has now. As above. */
  Handle: 46,
  /** The actor's next access uses the data cache otherwise than as write-back memory: subject = a policy of cache-policy.ts. Not hashed. */
  CachePolicy: 47,
  /** Lines of the data cache that have the bytes of words 3 and 4 were written back or dropped: subject = bits of Maintain. Not hashed. */
  Maintained: 48,
  /** As Drain, where that was no step: the actor emptied its buffer first, or its page was taken away. Not hashed. */
  Drained: 49,
  /**
   * What the kernel did in this step reads or changes a resource (subject, as in effects.ts), or the bytes of words 3 and 4; low = bits of Use.
   * Only where a schedule asked for it. Not hashed.
   */
  Affects: 50,
  /** After the threads have ended, `check` or `outcome` has read the bytes of words 3 and 4; -1: it may have asked about anything. Only where a schedule asked for it. Not hashed. */
  Looked: 51,
} as const;

export const firstNonStep = Kind.Bulk;
export const headerWords = 8;
export const actorFactor = 64;

export const isStep = (kind: number): boolean => kind < firstNonStep;
export const isLoad = (kind: number): boolean => kind >= Kind.Load8 && kind <= Kind.Load64;
export const isStore = (kind: number): boolean => kind >= Kind.Store8 && kind <= Kind.Store64;
export const isAtomic = (kind: number): boolean => kind >= Kind.AtomicLoad && kind <= Kind.AtomicCompareExchange;
/** Any event whose words 3 and 4 describe bytes that were touched. */
export const isAccess = (kind: number): boolean => kind >= Kind.Load8 && kind <= Kind.Write;

/** Events that follow from others, or say how something was observed. */
const isUnhashed = (kind: number): boolean =>
  kind === Kind.Acquire ||
  kind === Kind.Release ||
  kind === Kind.Verdict ||
  (kind >= Kind.Recycled && kind <= Kind.Looked);

/** So many are copied one by one: `set` takes longer to begin than they do. */
const fewWords = 16;

export class Trace {
  words: Float64Array;
  bits: Uint32Array;

  /**
   * Over `words`, which are replaced as it grows.
   *
   * @param used words in use
   * @param taken steps among them
   */
  constructor(
    words: Float64Array = new Float64Array(1 << 14),
    protected used = 0,
    protected taken = 0,
  ) {
    this.words = words;
    this.bits = new Uint32Array(words.buffer, words.byteOffset, words.length * 2);
  }

  /** Words in use. */
  get length(): number {
    return this.used;
  }

  /** Steps so far. */
  get steps(): number {
    return this.taken;
  }

  /** What there is so far, by itself. */
  copy(): Trace {
    return new Trace(this.words.slice(0, this.length), this.length, this.steps);
  }

  clear(): void {
    this.used = 0;
    this.taken = 0;
  }

  /** Appends an event without extra words and returns where it stands. */
  append(
    kind: number,
    actor: number,
    operation: number,
    subject: number,
    physical: number,
    length: number,
    low: number,
    high: number,
  ): number {
    const at = this.used;
    if (at + headerWords > this.words.length) this.grow(headerWords);
    const words = this.words;
    words[at] = kind + actor * actorFactor;
    words[at + 1] = operation;
    words[at + 2] = subject;
    words[at + 3] = physical;
    words[at + 4] = length;
    words[at + 5] = low;
    words[at + 6] = high;
    words[at + 7] = 0;
    this.used = at + headerWords;
    if (kind < firstNonStep) this.taken++;
    return at;
  }

  /** Adds a number, as an extra word, to the event that was appended last, at `at`. */
  note(at: number, word: number): void {
    const end = this.used;
    if (end === this.words.length) this.grow(1);
    this.words[end] = word;
    this.words[at + 7] = this.words[at + 7]! + 1;
    this.used = end + 1;
  }

  /** Adds `count` extra words to it, whose `bits` are given: two numbers a word, since packed bytes may look like any NaN. */
  extend(at: number, bits: Uint32Array, count: number): void {
    const end = this.used;
    if (end + count > this.words.length) this.grow(count);
    if (count > fewWords) this.bits.set(bits.subarray(0, 2 * count), 2 * end);
    else for (let i = 0; i < 2 * count; i++) this.bits[2 * end + i] = bits[i]!;
    this.words[at + 7] = this.words[at + 7]! + count;
    this.used = end + count;
  }

  kindAt(at: number): number {
    return this.words[at]! % actorFactor;
  }

  actorAt(at: number): number {
    return Math.floor(this.words[at]! / actorFactor);
  }

  /** Where the event after the one at `at` stands. */
  after(at: number): number {
    return at + headerWords + this.words[at + 7]!;
  }

  /** 64 bits over operations, operands and results, as 16 hexadecimal digits (execution.md, rule 22). */
  hash(): string {
    let a = 0x9e3779b9;
    let b = 0x7f4a7c15;
    const bits = this.bits;
    const mix = (word: number): void => {
      a = Math.imul(a ^ word, 0x85ebca6b);
      a ^= a >>> 13;
      b = Math.imul(b ^ word, 0xc2b2ae35) + a;
      b ^= b >>> 16;
    };
    for (let at = 0; at < this.length; at = this.after(at)) {
      const kind = this.kindAt(at);
      if (isUnhashed(kind)) continue;
      for (let word = at; word < this.after(at); word++) {
        if (word === at + 3) continue;
        mix(bits[word * 2]!);
        mix(bits[word * 2 + 1]!);
      }
    }
    return (a >>> 0).toString(16).padStart(8, '0') + (b >>> 0).toString(16).padStart(8, '0');
  }

  protected grow(count: number): void {
    const words = new Float64Array(Math.max(this.words.length * 2, this.used + count));
    words.set(this.words);
    this.words = words;
    this.bits = new Uint32Array(words.buffer);
  }
}
