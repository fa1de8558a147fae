/** A simulated thread as the kernel sees it: whose it is, what it sleeps on, which call it is in. */
import type { Journal } from '../hardware/journal.ts';
import type { KernelObject } from '../vm/kernel-object.ts';
import { type Steps, type Waiter, WaitQueue } from '../vm/steps.ts';
import type { Call } from './call.ts';
import { type Holder, machineHolder } from './handle-table.ts';
import type { KernelLock } from './locks/kernel-lock.ts';
import type { KernelTask } from './task.ts';

/** A message on its way: plain data as words, and the objects whose handles travel with it. */
export interface Message {
  readonly words: Float64Array;
  readonly objects: readonly KernelObject[];
  /** What happens before its receipt. */
  readonly key: number;
}

export class KernelThread implements Waiter, Holder {
  // These change with almost every call; a rollback sets them back (`rewind`, Sleepers), where a journal would keep each change.

  /** The call that is under way, between its steps. */
  running: Steps<unknown> | null = null;
  call: Call | null = null;
  /** The queue it sleeps in; null while it can run. Owned by Sleepers. */
  waitingIn: WaitQueue | null = null;
  /** The locks it holds, each as often as it took it, in that order. Owned by the locks. */
  readonly locks: KernelLock[] = [];
  /** Those of the base: mostly none. */
  private locksAtBase: readonly KernelLock[] = [];
  /** Its function is over. */
  ended = false;
  /** It has made a kernel call in this execution. */
  active = false;

  /** Virtual nanoseconds at which its sleep ends anyway; Infinity for never. */
  deadline = Number.POSITIVE_INFINITY;
  /** Whether its last sleep was ended by the clock. */
  timedOut = false;
  /** What the step that woke it hands over: a key of happens-before, or 0. */
  wokenBy = 0;
  readonly messages: Message[] = [];
  readonly mailbox: WaitQueue;
  /** Where those wait who stop it, when it is a device. */
  readonly idle: WaitQueue;
  readonly sleep: WaitQueue;

  /**
   * @param number from 0 in the order of the scenario; -1 for the machine itself
   * @param daemon it need not end for the execution to end
   * @param privileged it may use what only the kernel may
   */
  constructor(
    readonly number: number,
    readonly name: string,
    readonly task: KernelTask,
    readonly daemon: boolean,
    readonly privileged: boolean,
    private readonly onWake: (thread: KernelThread, queue: WaitQueue) => void,
    /** What a device did before it was idle happens before what follows `stopDevice`. */
    readonly idleKey = 0,
  ) {
    this.mailbox = new WaitQueue(`a message to ${name}`);
    this.sleep = new WaitQueue('its time');
    this.idle = new WaitQueue(`${name} to be idle`);
  }

  get device(): boolean {
    return this.task.device;
  }

  /** A device that has done what it was told and waits for more, or that is gone. */
  get isIdle(): boolean {
    return this.ended || (this.waitingIn === this.mailbox && this.messages.length === 0);
  }

  /** Under which number its references are counted. */
  get holder(): number {
    return this.number < 0 ? machineHolder : this.task.number;
  }

  get pool(): number {
    return this.number + 1;
  }

  woken(queue: WaitQueue): void {
    this.onWake(this, queue);
  }

  /** It has `lock`, once more. Nobody rewinds a caller that is the machine itself. */
  hold(lock: KernelLock, journal: Journal): void {
    if (this.number < 0) journal.append(this.locks, lock);
    else this.locks.push(lock);
  }

  /** It lets go of `lock`, once. */
  letGo(lock: KernelLock, journal: Journal): void {
    const at = this.locks.lastIndexOf(lock);
    if (this.number < 0) journal.remove(this.locks, at);
    else if (at === this.locks.length - 1) this.locks.pop();
    else this.locks.splice(at, 1);
  }

  /** This is what `rewind` goes back to. */
  base(): void {
    this.locksAtBase = this.locks.slice();
  }

  /** Back to before its function began. */
  rewind(): void {
    if (this.locks.length > 0) this.locks.length = 0;
    for (const lock of this.locksAtBase) this.locks.push(lock);
    this.running = null;
    this.call = null;
    this.ended = false;
    this.active = false;
  }
}
