/**
 * Stress: the same start again and again, every thread running freely, and what came out counted. A reset costs what the
 * iteration touched; the workers stay.
 */

import { Status } from '../../kernel/call.ts';
import { locksLeft } from '../../kernel/locks/locks-left.ts';
import { type RuleName, ruleNames } from '../../kernel/rules.ts';
import type { KernelThread } from '../../kernel/thread.ts';
import { text } from '../../kernel/wire.ts';
import { Malformed, type Words } from '../../kernel/words.ts';
import { unpackPlain } from '../../task/plain-data.ts';
import { Stop } from '../controlled-thread.ts';
import { describeDeadlock, isHopeless } from '../deadlock.ts';
import type { ExecutionState } from '../execution-state.ts';
import type { Audit } from './coordinator.ts';
import { FreeKernel } from './free-kernel.ts';
import { type Control, Head, Mode, Own, Phase } from './layout.ts';
import { Quarantine } from './quarantine.ts';
import { Ask, How, statusOver } from './requests.ts';
import type { SlotServer } from './slot-server.ts';
import type { Snapshot } from './snapshot.ts';
import { StressTally } from './stress-tally.ts';

/** An iteration that takes longer than this, in milliseconds, does not end: some loop waits for what will not come. */
const longestIteration = 1000;

export class StressRun {
  active = false;
  elapsed = 0;
  readonly tally: StressTally;

  private readonly kernel: FreeKernel;
  private readonly quarantine: Quarantine;
  private running = false;
  private over = false;
  private unfinished = 0;
  private readonly results: unknown[] = [];
  private most = 0;
  private budget = 0;
  private began = 0;
  private iterationBegan = 0;

  constructor(
    private readonly state: ExecutionState,
    private readonly control: Control,
    private readonly server: SlotServer,
    private readonly snapshot: Snapshot,
    private readonly audit: Audit,
  ) {
    this.tally = new StressTally(state, control);
    this.kernel = new FreeKernel(state.kernel, server, (thread, rule, message) => this.broken(thread, rule, message));
    const { tables, frames } = state.kernel.hardware;
    this.quarantine = new Quarantine(control, tables, frames);
  }

  /** @param budget milliseconds */
  begin(iterations: number, budget: number): void {
    this.tally.begin();
    this.most = iterations;
    this.budget = budget;
    this.began = performance.now();
    this.control.setHead(Head.Cancel, 0);
    this.active = true;
    this.running = false;
    this.kernel.observe();
    const { frames, caches } = this.state.kernel.hardware;
    frames.quarantine = this.quarantine;
    caches?.watch(undefined);
  }

  /** Takes the iteration, or the whole, one step further. `active` is false once all are done. */
  progress(): boolean {
    if (!this.active) return false;
    if (!this.running) {
      if (!this.allIdle()) return false;
      if (
        this.tally.iterations >= this.most ||
        performance.now() - this.began >= this.budget ||
        this.control.head(Head.Cancel) !== 0
      )
        this.finish();
      else this.start();
      return true;
    }
    const worked = this.kernel.progress();
    this.quarantine.sweep();
    if (!this.over) {
      if (this.isDeadlocked()) this.deadlock();
      else if (performance.now() - this.iterationBegan > longestIteration) this.stuck();
      return worked;
    }
    if (!this.allOut()) return worked;
    this.count();
    return true;
  }

  patience(): number {
    return Math.min(this.kernel.patience(), longestIteration);
  }

  fromTask(thread: number, call: number, words: Words): void {
    const caller = this.state.threads[thread];
    const slot = thread + 1;
    if (!this.running || caller === undefined || this.control.phase(thread) !== Phase.Running) {
      this.server.refuse(slot, Malformed.name, 'this thread does not run');
    } else if (call === Ask.Ended) {
      if (!caller.ended) this.ended(caller, words);
      this.server.answer(slot, Status.Done);
    } else if (this.over || caller.ended) {
      this.server.answer(slot, statusOver);
    } else if (call === Ask.Log) {
      this.server.answer(slot, Status.Done);
    } else {
      this.kernel.serve(caller, call, words);
    }
  }

  died(thread: number): void {
    const caller = this.state.threads[thread]!;
    if (!this.running || caller.ended) return;
    this.fail('uncaught-exception', 'its worker ended (process.exit, its heap limit, or terminate)', caller);
    this.killTask(caller);
  }

  /** The machine is stopped. */
  close(): void {
    this.quarantine.release();
    this.state.kernel.hardware.frames.quarantine = null;
    this.audit(this.state.kernel);
  }

  private start(): void {
    const { control, state } = this;
    this.rollBack();
    this.kernel.reset();
    this.unfinished = 0;
    for (const thread of state.threads) {
      this.results[thread.number] = undefined;
      control.words[control.own(thread.number, Own.Stopped)] = Stop.None;
      if (!thread.daemon) this.unfinished++;
    }
    this.over = false;
    this.tally.beginIteration();
    this.running = true;
    this.iterationBegan = performance.now();
    control.setHead(Head.Over, 0);
    control.setHead(Head.Barrier, 0);
    control.setHead(Head.Mode, Mode.Free);
    // Phases are set here, so that nobody looks finished who has not begun.
    for (const { number } of state.threads) Atomics.store(control.words, control.own(number, Own.Phase), Phase.Running);
    Atomics.add(control.words, Head.Execution, 1);
    for (const { number } of state.threads) control.wake(number);
  }

  private ended(thread: KernelThread, words: Words): void {
    const how = words.take();
    if (how === How.Returned) this.results[thread.number] = unpackPlain(words.data.slice(words.at, words.length));
    if (how === How.Returned || how === How.Stopped) {
      if (this.control.words[this.control.own(thread.number, Own.Stopped)] === Stop.Died) this.killTask(thread);
      else this.end(thread);
      return;
    }
    const rule = how === How.Refused ? 'uncaught-exception' : (ruleNames[words.take()] ?? 'uncaught-exception');
    const name = how === How.Refused ? `${text.decode(words)}: ` : '';
    const message = name + text.decode(words);
    if (rule !== 'kernel-panic' || this.tally.failed !== 'kernel-panic') this.fail(rule, message, thread);
    if (rule === 'assertion') this.end(thread);
    else this.killTask(thread);
    if (rule !== 'assertion' && thread.privileged) this.finishIteration();
  }

  private end(thread: KernelThread): void {
    if (thread.ended) return;
    if (this.tally.failed !== 'assertion')
      for (const message of locksLeft(this.state.kernel, thread)) this.fail('lock-left-held', message, thread);
    this.state.kernel.endThread(thread);
    if (!thread.daemon && --this.unfinished === 0) this.finishIteration();
  }

  private killTask(dying: KernelThread): void {
    for (const thread of this.state.threads) {
      if (thread.task !== dying.task || thread.ended) continue;
      this.stop(thread);
      if (!thread.daemon) this.unfinished--;
    }
    this.state.kernel.killTask(dying.task);
    if (this.unfinished === 0) this.finishIteration();
  }

  private finishIteration(): void {
    if (this.over) return;
    this.over = true;
    this.control.setHead(Head.Over, 1);
    for (const thread of this.state.threads) this.stop(thread);
  }

  /** The thread comes out of its function at its next operation. */
  private stop(thread: KernelThread): void {
    const at = this.control.own(thread.number, Own.Stopped);
    if (!thread.ended) Atomics.store(this.control.words, at, Stop.Suspended);
    this.kernel.release(thread);
  }

  /** Nobody can go on, or some wait for each other, whatever the others do. */
  private isDeadlocked(): boolean {
    if (this.state.threads.some((thread) => isHopeless(thread, ({ ended }) => ended))) return true;
    const waiting = this.state.threads.every(
      (thread) => thread.ended || (thread.waitingIn !== null && this.server.isBusy(thread.number + 1)),
    );
    return waiting && this.kernel.quiet;
  }

  private deadlock(): void {
    const blocked = this.state.threads.filter((thread) => thread.waitingIn !== null);
    this.fail('deadlock', describeDeadlock(blocked), blocked.find((thread) => !thread.daemon) ?? null);
    this.finishIteration();
  }

  private stuck(): void {
    this.fail('livelock', `no end after ${longestIteration} ms`, null);
    this.finishIteration();
  }

  private broken(thread: KernelThread, rule: RuleName, message: string): void {
    this.fail(rule, message, thread.number < 0 ? null : thread);
    if (rule === 'kernel-panic') this.finishIteration();
  }

  private fail(rule: RuleName, message: string, thread: KernelThread | null): void {
    this.tally.fail(rule, message, thread?.name ?? null);
  }

  /** The iteration is over and everybody out: what came of it. */
  private count(): void {
    this.running = false;
    this.control.setHead(Head.Mode, Mode.Idle);
    this.tally.count(this.results);
  }

  private finish(): void {
    this.active = false;
    this.elapsed = performance.now() - this.began;
    this.rollBack();
    this.state.kernel.hardware.frames.quarantine = null;
  }

  /** Everything as after `setup`. Nobody runs. */
  private rollBack(): void {
    this.quarantine.sweep();
    this.audit(this.state.kernel);
    this.state.kernel.journal.rollback();
    this.quarantine.clear();
    this.snapshot.restore();
  }

  private allIdle(): boolean {
    return this.state.threads.every(({ number }) => this.control.phase(number) === Phase.Idle);
  }

  private allOut(): boolean {
    return this.state.threads.every(({ number }) => this.control.phase(number) !== Phase.Running);
  }
}
