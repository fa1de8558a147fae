/**
 * How an execution ends before its threads have: nobody can go on, or those who can get nowhere. Says so in a Violation event that
 * names the steps it is due to.
 */
import { type RuleName, ruleNumber } from '../kernel/rules.ts';
import type { KernelThread } from '../kernel/thread.ts';
import { Kind, type Trace } from '../kernel/trace.ts';
import type { Actors } from './actors.ts';
import { describeDeadlock, isHopeless } from './deadlock.ts';
import type { ExecutionState } from './execution-state.ts';
import type { Doing, KernelNotes } from './kernel-notes.ts';
import { describeLivelock, lastRound } from './livelock.ts';
import { lostWakeup } from './lost-wakeup.ts';

export class Endings {
  /** @param hasLeft whether the thread returned by itself: of one that failed or died the rest runs on without, as far as that goes */
  constructor(
    private readonly state: ExecutionState,
    private readonly trace: Trace,
    private readonly actors: Actors,
    private readonly notes: KernelNotes,
    private readonly hasLeft: (thread: KernelThread) => boolean,
  ) {}

  /** Whether the thread can never go on: then what others still do changes nothing for it. */
  isHopeless(thread: KernelThread): boolean {
    if (!isHopeless(thread, this.hasLeft)) return false;
    const sleepers = this.sleepers();
    const steps = sleepers
      .filter((one) => isHopeless(one, this.hasLeft))
      .map(({ number }) => this.notes.doingOf(number));
    this.tell('deadlock', describeDeadlock(sleepers), this.notes.doingOf(thread.number), steps);
    return true;
  }

  /** Whether any of those that sleep can never go on. */
  isAnyHopeless(): boolean {
    return this.sleepers().some((one) => this.isHopeless(one));
  }

  /** Whether all that can run look in vain for what nobody will change. */
  isStuck(): boolean {
    const { trace, actors } = this;
    if (!actors.isStuck) return false;
    const threads = this.state.threads.filter(({ number }) => actors.spins.isStuck(number));
    const text = describeLivelock(trace, actors.spins, threads, this.sleepers());
    const looks = threads.map(({ number }) => lastRound(trace, number, actors.spins.period(number)).at(-1)!);
    // Where its last look is counts how often it looked.
    this.tell(
      'livelock',
      text,
      [threads[0]!.number, 0],
      looks.map((look) => this.doneAt(look)),
    );
    return true;
  }

  /** Nobody can run. */
  deadlock(): void {
    const blocked = this.sleepers();
    const text = `nobody can run: ${describeDeadlock(blocked)}`;
    const lost = lostWakeup(this.trace, this.state.kernel, blocked);
    if (lost !== null) {
      const sleeper = this.notes.doingOf(lost.sleeper.number);
      this.tell('lost-wakeup', text, sleeper, [this.doneAt(lost.wakeup), sleeper]);
      return;
    }
    const needed = blocked.filter(({ daemon }) => !daemon);
    const first = needed[0] ?? blocked[0]!;
    this.tell(
      'deadlock',
      text,
      this.notes.doingOf(first.number),
      needed.map(({ number }) => this.notes.doingOf(number)),
    );
  }

  /** There were more than `maximumSteps`. */
  livelock(thread: number, maximumSteps: number): void {
    const { name } = this.state.threads[thread]!;
    this.notes.broken(thread, ruleNumber('livelock'), `no end after ${maximumSteps} steps; ${name} was running`);
  }

  private sleepers(): KernelThread[] {
    return this.state.threads.filter((thread) => thread.waitingIn !== null);
  }

  /** The step at that place in the trace. */
  private doneAt(at: number): Doing {
    return [this.trace.actorAt(at), this.trace.words[at + 1]!];
  }

  private tell(rule: RuleName, text: string, [actor, operation]: Doing, steps: readonly Doing[]): void {
    const at = this.notes.tell(Kind.Violation, actor, operation, ruleNumber(rule), text);
    for (const word of steps.flat()) this.trace.note(at, word);
  }
}
