/**
 * How kernel code stops half-way. A call that may block, or inside which the real system holds no lock, is a generator; what
 * it yields says why it stopped. Whoever drives it (kernel, floor 3) resumes it when the schedule says so.
 */

/** Another thread may run here; the call goes on when it is picked again. */
export const innerStep = Symbol('inner step');

/**
 * The caller is to copy `length` bytes between physical memory and its own buffer, as one step, before the call goes on:
 * buffers of tasks live in their own threads, where the kernel cannot reach.
 */
export interface CopyStep {
  readonly physical: number;
  readonly length: number;
  /** Where in the caller's buffer. */
  readonly at: number;
  /** True: buffer to memory. */
  readonly intoMemory: boolean;
}

export type Pause = typeof innerStep | WaitQueue | CopyStep;

/** A kernel function in steps that ends with a result of type R: a generator, or what behaves like one. */
export interface Steps<R> {
  next(): IteratorResult<Pause, R>;
  /** It is not to end: what it holds is given back. */
  return(value: R): IteratorResult<Pause, R>;
  [Symbol.iterator](): Steps<R>;
}

/** On whose behalf kernel code runs: which pool its frames, and which window its addresses, come from (execution.md, rule 5). */
export interface Actor {
  /** 0 for the machine itself (set-up, check), otherwise 1 + the number of the simulated thread. */
  readonly pool: number;
}

/** What can sleep in a wait queue. */
export interface Waiter extends Actor {
  readonly name: string;
  /** Called once, by the queue, when the waiter is taken out of it. */
  woken(queue: WaitQueue): void;
}

/** Threads that sleep until something happens, first come first served. */
export class WaitQueue {
  readonly waiters: Waiter[] = [];

  /**
   * @param what is waited for, in words, for wait-for graphs: "the map lock of client"
   * @param holding who must do something for the wait to end, each of them; nobody when anybody may end it
   * @param spins whether who waits here keeps its processor, so that it may hold a spin lock meanwhile
   */
  constructor(
    private readonly what: string | (() => string),
    private readonly holding: () => Waiter | readonly Waiter[] | null = () => null,
    readonly spins = false,
  ) {}

  get subject(): string {
    return typeof this.what === 'string' ? this.what : this.what();
  }

  /** Who has to act before the wait can end, where it is one alone; else null. */
  get holder(): Waiter | null {
    const holding = this.holding();
    return holding === null || Array.isArray(holding) ? null : (holding as Waiter);
  }

  /** Everybody who has to act before the wait can end; empty when anybody may end it. */
  get holders(): readonly Waiter[] {
    const holding = this.holding();
    if (holding === null) return [];
    return Array.isArray(holding) ? holding : [holding as Waiter];
  }
}
