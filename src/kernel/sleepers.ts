/** Who sleeps, in which queue, and what ends it: somebody who wakes them, or virtual time, which moves for nobody else. */
import type { WaitQueue } from '../vm/steps.ts';
import type { Kernel } from './kernel.ts';
import type { KernelThread } from './thread.ts';

export class Sleepers {
  /** Virtual time in nanoseconds. */
  time = 0;
  /** Whether any sleep has had a deadline: in most programs none ever has, and nobody need be asked. */
  private timed = false;
  /** Queues in which somebody sleeps at the base, and who: mostly none. */
  private atBase: (readonly [queue: WaitQueue, sleepers: readonly KernelThread[]])[] = [];

  constructor(private readonly kernel: Kernel) {}

  /** Who sleeps now is who sleeps at the base. */
  base(): void {
    const queues = new Set(this.kernel.threads.flatMap(({ waitingIn }) => waitingIn ?? []));
    this.atBase = [...queues].map((queue) => [queue, queue.waiters.slice() as KernelThread[]]);
  }

  /** Back to the base. Whoever sleeps is one of the kernel's threads: the machine itself never stays asleep. */
  rewind(): void {
    const { threads } = this.kernel;
    for (let i = 0; i < threads.length; i++) {
      const thread = threads[i]!;
      if (thread.waitingIn === null) continue;
      thread.waitingIn.waiters.length = 0;
      thread.waitingIn = null;
    }
    for (const [queue, sleepers] of this.atBase) {
      for (const thread of sleepers) {
        queue.waiters.push(thread);
        thread.waitingIn = queue;
      }
    }
  }

  /** `thread` sleeps in `queue`, until its deadline where it has one. */
  add(thread: KernelThread, queue: WaitQueue): void {
    const { journal } = this.kernel;
    thread.waitingIn = queue;
    if (thread.timedOut) journal.set(thread, 'timedOut', false);
    queue.waiters.push(thread);
  }

  /** The sleep that `thread` is about to begin ends by itself once time has come to `time`; Infinity: never. */
  limit(thread: KernelThread, time: number): void {
    if (time === Number.POSITIVE_INFINITY) return;
    this.timed = true;
    this.kernel.journal.set(thread, 'deadline', time);
  }

  /** Wakes the first `count` sleepers of `queue`, handing on what the waker did. Returns how many there were. */
  wake(queue: WaitQueue, count: number, waker: KernelThread): number {
    const woken = Math.min(count, queue.waiters.length);
    if (woken === 0) return 0;
    const { kernel } = this;
    const key = kernel.newKey();
    kernel.observer.release(waker, key);
    for (let i = 0; i < woken; i++) {
      const thread = queue.waiters[0] as KernelThread;
      this.remove(thread, queue);
      kernel.journal.set(thread, 'wokenBy', key);
      this.letRun(thread, queue);
    }
    return woken;
  }

  /** The thread whose sleep ends next by the clock, or null. Ties go to the lower number. */
  nextDeadline(): KernelThread | null {
    if (!this.timed) return null;
    let next: KernelThread | null = null;
    for (const thread of this.kernel.threads) {
      if (thread.waitingIn === null || thread.deadline === Number.POSITIVE_INFINITY) continue;
      if (next === null || thread.deadline < next.deadline) next = thread;
    }
    return next;
  }

  /** A step of the clock: time moves to the next deadline and its sleeper wakes. */
  expire(): void {
    const thread = this.nextDeadline();
    if (thread === null) return;
    const { journal } = this.kernel;
    journal.set(this as Sleepers, 'time', Math.max(this.time, thread.deadline));
    const queue = thread.waitingIn!;
    this.remove(thread, queue);
    journal.set(thread, 'timedOut', true);
    this.letRun(thread, queue);
  }

  /** Moves time forward without waking anybody: free-running machines keep real time. */
  advance(time: number): void {
    if (time > this.time) this.kernel.journal.set(this as Sleepers, 'time', time);
  }

  /** Takes `thread` out of a queue without waking it. */
  remove(thread: KernelThread, queue: WaitQueue): void {
    const { journal } = this.kernel;
    const at = queue.waiters.indexOf(thread);
    if (at === 0) queue.waiters.shift();
    else if (at > 0) queue.waiters.splice(at, 1);
    thread.waitingIn = null;
    if (thread.deadline !== Number.POSITIVE_INFINITY) journal.set(thread, 'deadline', Number.POSITIVE_INFINITY);
  }

  /** Lets a thread run again that a queue (or the clock) has let go. */
  readonly letRun = (thread: KernelThread, queue: WaitQueue): void => {
    if (thread.waitingIn === queue) this.remove(thread, queue);
    this.kernel.observer.woken(thread);
  };
}
