/**
 * What carries a controlled execution: it decides who runs next and reaches the kernel. The operations themselves (translation,
 * access, record, trace) are in `ControlledThread`, once for both carriers.
 */
import type { Words } from '../kernel/words.ts';
import type { CopyStep } from '../vm/steps.ts';
import type { ControlledThread } from './controlled-thread.ts';
import type { Intents } from './intents.ts';
import type { Spins } from './spins.ts';

export interface Carrier {
  /**
   * The thread stands before a step. Returns when it may take it, and whether others may have run meanwhile; inline, throws to
   * suspend it instead.
   */
  turn(task: ControlledThread): boolean;
  /** The same for a thread that can yield: whether it may take its step. If not, it is to leave the stack, and is resumed later. */
  offer(task: ControlledThread): boolean;
  /** The thread cannot go on until it is woken. Returns or throws as `turn` does. */
  block(task: ControlledThread): void;
  /** The same for a thread that can yield: whether it has been woken. If not, it is to leave the stack, and is resumed later. */
  leaveBlocked(task: ControlledThread): boolean;
  /** Starts a kernel call; the answer is in `reply`. Returns a status. */
  begin(task: ControlledThread, call: number, words: Words): number;
  /** Takes the call that the thread is in one step further. */
  resume(task: ControlledThread): number;
  /** Where threads write down what they are about to do; null where nobody wants to know. */
  readonly intents: Intents | null;
  /** Who waits by looking. */
  readonly spins: Spins;
  /** The thread looks in vain, and has long enough: the execution may be over with it. */
  stuck(task: ControlledThread): void;
  readonly reply: Words;
  readonly copy: CopyStep | null;
  /** A number below `n` for `task.choose`. */
  choose(task: ControlledThread, n: number): number;
  /** The thread broke a rule: notes it, with its text, at this place of the trace. */
  violation(task: ControlledThread, rule: number, text: string): void;
  /**
   * The thread is about to access `length` bytes in one page in a way that the kernel is to examine first: a device does, at each
   * beat. What it finds is noted at this place of the trace.
   */
  examine(task: ControlledThread, address: number, physical: number, length: number, access: number): void;
  /** Number of the first thread's store buffer as an actor. */
  readonly firstDrain: number;
  /** A store of the thread went to memory unasked though `n` could have gone: a written schedule has that among its choices. */
  chosen(task: ControlledThread, n: number): void;
  /** A page was reached by a second actor. */
  shared(frame: number): void;
  /** The simulated kernel panicked: nobody takes another step. */
  panic(task: ControlledThread, message: string): void;
  log(task: ControlledThread, line: string): void;
}

/**
 * Thrown through a task's function to take it off the stack. Which state the task is in (suspended, ended, dead) is the
 * engine's knowledge, never the exception's: user code may catch it.
 */
export const suspension = Object.freeze({ toString: () => 'wiredown: this thread is suspended; let this pass' });
