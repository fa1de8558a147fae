/**
 * The kernel among free-running threads: each call is served as it comes; one that blocks is answered when it is over, and one
 * that takes several steps goes on between the calls of others. Virtual time is real time.
 */

import { Status } from '../../kernel/call.ts';
import { calls } from '../../kernel/calls/index.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { Observer } from '../../kernel/observer.ts';
import type { RuleName } from '../../kernel/rules.ts';
import type { KernelThread } from '../../kernel/thread.ts';
import { text } from '../../kernel/wire.ts';
import { Malformed, type Words } from '../../kernel/words.ts';
import { Ask, statusOver } from './requests.ts';
import type { SlotServer } from './slot-server.ts';

/** Calls that look at the clock. Others leave it alone, so that what is refused changes nothing. */
const timed = new Set([calls.now.number, calls.sleep.number, calls.atomicWait.number]);
const longest = 500;

export class FreeKernel {
  private readonly stepping: KernelThread[] = [];
  private readonly runnable: KernelThread[] = [];
  private since = performance.now();
  /** There is no order of steps to write down: only what is broken counts, and who can go on. */
  private readonly observer: Observer = {
    acquire() {},
    release() {},
    touch() {},
    recycled() {},
    moved() {},
    pagedOut() {},
    pagedIn() {},
    reclaimed() {},
    maintained() {},
    violation: (thread, rule, message) => this.broken(thread, rule, message),
    woken: (thread) => {
      if (thread.number >= 0 && !thread.ended) this.runnable.push(thread);
    },
  };

  constructor(
    private readonly kernel: Kernel,
    private readonly server: SlotServer,
    private readonly broken: (thread: KernelThread, rule: RuleName, message: string) => void,
  ) {
    this.observe();
  }

  /** Forgets what is under way; time starts again at 0. */
  reset(): void {
    this.stepping.length = 0;
    this.runnable.length = 0;
    this.since = performance.now() - this.kernel.sleepers.time / 1e6;
  }

  /** A kernel call, or the next step of one, for a live thread. */
  serve(thread: KernelThread, call: number, words: Words): void {
    if (call === Ask.Resume) {
      this.settle(thread, this.kernel.resume(thread));
    } else if (call < 0) {
      throw new Malformed(`there is no request ${call}`);
    } else {
      if (timed.has(call)) this.kernel.sleepers.advance(this.now());
      this.settle(thread, this.kernel.begin(thread, call, words));
    }
  }

  /** Takes every call that can go on one step further, and ends sleeps whose time has come. */
  progress(): boolean {
    let worked = false;
    const next = this.kernel.sleepers.nextDeadline();
    if (next !== null && next.deadline <= this.now()) {
      this.kernel.sleepers.expire();
      worked = true;
    }
    for (const list of [this.stepping, this.runnable]) {
      for (const thread of list.splice(0)) {
        worked = true;
        if (!thread.ended) this.settle(thread, this.kernel.resume(thread));
      }
    }
    return worked;
  }

  /** Whether nothing is going to happen by itself: no step is due, and none by the clock. */
  get quiet(): boolean {
    return this.stepping.length === 0 && this.runnable.length === 0 && this.kernel.sleepers.nextDeadline() === null;
  }

  patience(): number {
    const next = this.kernel.sleepers.nextDeadline();
    return next === null ? longest : Math.max(0, Math.min(longest, (next.deadline - this.now()) / 1e6));
  }

  /** Lets a thread that waits for an answer unwind. */
  release(thread: KernelThread): void {
    if (this.server.isBusy(thread.number + 1)) this.server.answer(thread.number + 1, statusOver);
  }

  /** Becomes the kernel's observer again, after a controlled execution. */
  observe(): void {
    this.kernel.observer = this.observer;
    // Nobody schedules: a step a page would only cost.
    this.kernel.iokit.copiesWholeSegments = true;
  }

  private now(): number {
    return (performance.now() - this.since) * 1e6;
  }

  private settle(thread: KernelThread, status: number): void {
    const slot = thread.number + 1;
    if (status === Status.Step) this.stepping.push(thread);
    else if (status === Status.Copy) this.server.answerCopy(slot, this.kernel.copy!);
    else if (status !== Status.Blocked) {
      if (status === Status.Panicked) this.broken(thread, 'kernel-panic', text.decode(this.kernel.reply));
      this.server.answer(slot, status, this.kernel.reply);
    }
  }
}
