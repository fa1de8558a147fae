/**
 * The carrier of a controlled task in a worker of its own: threads hand the baton straight to each other. Whoever holds it reads
 * in shared memory who is next, so going on costs nothing and a switch wakes one worker.
 */

import type { Hardware } from '../../hardware/hardware.ts';
import { Status } from '../../kernel/call.ts';
import { type RuleName, ruleNumber } from '../../kernel/rules.ts';
import { text } from '../../kernel/wire.ts';
import { Words } from '../../kernel/words.ts';
import type { CopyStep } from '../../vm/steps.ts';
import type { Actors } from '../actors.ts';
import { type Carrier, suspension } from '../carrier.ts';
import { Stop } from '../controlled-thread.ts';
import { firstDrainActor } from '../drains.ts';
import type { Intents } from '../intents.ts';
import type { Spins } from '../spins.ts';
import { Lane } from './lane.ts';
import { type Control, Head, Own } from './layout.ts';
import { Ask, statusOver } from './requests.ts';
import type { SlotClient } from './slot-client.ts';
import type { Spin } from './spin.ts';

/** What the carrier needs of its task. */
export interface Carried {
  readonly number: number;
  readonly recorded: number;
  readonly yielding: boolean;
  stopped: number;
}

export class BatonCarrier implements Carrier {
  readonly firstDrain: number;
  readonly intents: Intents;
  readonly spins: Spins;
  private readonly actors: Actors;
  private readonly lane: Lane;
  private readonly clock: number;
  private readonly words = new Words();
  private deaths = 0;
  private maximumSteps = 0;
  /** Frames that this execution has reported as shared. */
  private readonly reported = new Set<number>();

  constructor(
    private readonly control: Control,
    private readonly client: SlotClient,
    private readonly spin: Spin,
    private readonly thread: number,
    threads: number,
    hardware: Hardware,
  ) {
    this.clock = threads;
    this.firstDrain = firstDrainActor(threads, hardware.configuration);
    this.actors = control.actors(threads, hardware);
    this.intents = this.actors.intents;
    this.spins = this.actors.spins;
    this.lane = new Lane(control, {
      pick: (...candidates) => this.askPick(...candidates),
      choose: (n) => this.askChoose(n),
    });
  }

  get reply(): Words {
    return this.client.reply;
  }

  get copy(): CopyStep | null {
    return this.client.copy;
  }

  /** About to run its function, with the baton. */
  start(): void {
    this.reported.clear();
    this.deaths = this.control.head(Head.Deaths);
    this.maximumSteps = this.control.head(Head.MaximumSteps);
  }

  turn(task: Carried): boolean {
    const { words } = this.control;
    if (words[Head.Deaths] !== this.deaths) {
      this.deaths = words[Head.Deaths]!;
      this.ask(task, Ask.Attend);
    }
    const steps = words[Head.TraceSteps]!;
    if (steps > this.maximumSteps) this.ask(task, Ask.Livelock);
    const next = task.yielding
      ? this.actors.pickOther(this.lane, task.number, steps)
      : this.actors.pick(this.lane, task.number, steps);
    if (next === task.number) return false;
    this.giveTo(task, next);
    this.await(task);
    return true;
  }

  stuck(task: Carried): void {
    if (this.actors.isStuck) this.ask(task, Ask.Stuck);
  }

  /** Functions are compiled to yield for exploring inline only. */
  offer(task: Carried): boolean {
    this.turn(task);
    return true;
  }

  block(task: Carried): void {
    this.giveTo(task, this.actors.pick(this.lane, -1, this.control.words[Head.TraceSteps]!));
    this.await(task);
  }

  leaveBlocked(task: Carried): boolean {
    this.block(task);
    return true;
  }

  /** The function is over, and the coordinator knows: the baton goes on. */
  leave(task: Carried): void {
    if (this.control.head(Head.Over) === 0)
      this.giveTo(task, this.actors.pick(this.lane, -1, this.control.words[Head.TraceSteps]!));
  }

  begin(task: Carried, call: number, words: Words): number {
    return this.ask(task, call, words);
  }

  resume(task: Carried): number {
    return this.ask(task, Ask.Resume);
  }

  choose(_task: Carried, n: number): number {
    return this.lane.choose(n, this.thread);
  }

  violation(task: Carried, rule: number, message: string): void {
    this.words.clear();
    this.words.put(rule);
    text.encode(this.words, message, 'message');
    this.ask(task, Ask.Violation, this.words);
  }

  examine(task: Carried, address: number, physical: number, length: number, access: number): void {
    this.words.clear();
    for (const word of [address, physical, length, access]) this.words.put(word);
    this.ask(task, Ask.Examine, this.words);
  }

  /** Written schedules are followed with every operation a point: there is nothing that a store does unasked. */
  chosen(): void {}

  shared(frame: number): void {
    // What is a point changes only between executions: once is enough.
    if (this.reported.has(frame)) return;
    this.reported.add(frame);
    this.words.clear();
    this.words.put(frame);
    this.client.ask(Ask.Shared, this.words);
  }

  panic(task: Carried, message: string): void {
    this.words.clear();
    text.encode(this.words, message, 'message');
    this.publish(task);
    this.client.ask(Ask.Panic, this.words);
    if (task.stopped === Stop.None) task.stopped = Stop.Suspended;
  }

  log(task: Carried, line: string): void {
    this.words.clear();
    text.encode(this.words, line, 'line');
    this.ask(task, Ask.Log, this.words);
  }

  /** Says how the function ended. */
  ended(task: Carried, how: number, fill: (words: Words) => void = () => {}): void {
    this.words.clear();
    this.words.put(how);
    fill(this.words);
    this.publish(task);
    this.client.ask(Ask.Ended, this.words);
  }

  /** Encodes an error that left the function. */
  static uncaught(words: Words, rule: RuleName, message: string): void {
    words.put(ruleNumber(rule));
    text.encode(words, message, 'message');
  }

  /** Asks as the holder. Throws the suspension where the answer is that nobody takes another step. */
  private ask(task: Carried, call: number, words?: Words): number {
    this.publish(task);
    const status = this.client.ask(call, words);
    if (status !== statusOver && this.control.head(Head.Over) === 0) return status;
    if (status !== statusOver && call >= Ask.Resume) return status;
    throw this.suspend(task);
  }

  private publish(task: Carried): void {
    const { control } = this;
    control.words[control.own(task.number, Own.Recorded)] = task.recorded;
    control.words[control.own(task.number, Own.Stopped)] = task.stopped;
  }

  private suspend(task: Carried): unknown {
    if (task.stopped === Stop.None) {
      task.stopped = Atomics.load(this.control.words, this.control.own(task.number, Own.Stopped)) || Stop.Suspended;
    }
    return suspension;
  }

  /** Hands the baton on. Clock, pager, purger and data cache have no worker: their steps are done on the way. */
  private giveTo(task: Carried, first: number): void {
    const { control } = this;
    let next = first;
    this.publish(task);
    for (;;) {
      if (control.words[Head.TraceSteps]! > this.maximumSteps) this.client.ask(Ask.Livelock);
      else if (next < 0) this.client.ask(Ask.Deadlock);
      else if (next >= this.clock) this.tick(next);
      else break;
      if (control.head(Head.Over) !== 0 || control.stopped) return;
      next = this.actors.pick(this.lane, -1, control.words[Head.TraceSteps]!);
    }
    control.setHead(Head.Holder, next);
    if (next !== this.thread) control.wake(next);
    // Workers that died while nobody asked the coordinator are its business once they are to go on.
    if (control.head(Head.Deaths) !== this.deaths) control.ring();
  }

  private tick(actor: number): void {
    this.words.clear();
    this.words.put(actor);
    this.client.ask(Ask.Tick, this.words);
  }

  /** Waits for the baton. Throws the suspension when the execution ends first. */
  private await(task: Carried): void {
    const { control } = this;
    const wake = control.own(this.thread, Own.Wake);
    for (;;) {
      const seen = Atomics.load(control.words, wake);
      if (control.head(Head.Over) !== 0 || control.stopped) throw this.suspend(task);
      if (control.head(Head.Holder) === this.thread) return;
      this.spin.wait(control.words, wake, seen);
    }
  }

  private askPick(runnable: Int32Array, count: number, current: number, steps: number): number {
    this.words.clear();
    this.words.put(current);
    this.words.put(steps);
    for (let i = 0; i < count; i++) this.words.put(runnable[i]!);
    return this.client.ask(Ask.Pick, this.words) === Status.Done ? this.client.reply.take() : runnable[0]!;
  }

  private askChoose(n: number): number {
    this.words.clear();
    this.words.put(n);
    return this.client.ask(Ask.Choose, this.words) === Status.Done ? this.client.reply.take() : 0;
  }
}
