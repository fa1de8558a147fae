/** A simulated thread as the kernel sees it: whose it is, what it sleeps on, which call it is in. */
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
  // These four change with almost every call; a rollback sets them back (`rewind`), where a journal would keep each change.

  /** The call that is under way, between its steps. */
  running: Steps<unknown> | null = null;
  call: Call | null = null;
  /** The queue it sleeps in; null while it can run. */
  waitingIn: WaitQueue | null = null;
  /** Virtual nanoseconds at which its sleep ends anyway; Infinity for never. */
  deadline = Number.POSITIVE_INFINITY;
  /** Whether its last sleep was ended by the clock. */
  timedOut = false;
  /** Its function is over. */
  ended = false;
  /** It has made a kernel call in this execution. */
  active = false;

  /** What the step that woke it hands over: a key of happens-before, or 0. */
  wokenBy = 0;
  readonly messages: Message[] = [];
  /** The locks it holds, each as often as it took it, in that order. Owned by the locks. */
  readonly locks: KernelLock[] = [];
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

  /** Back to before its function began. */
  rewind(): void {
    this.running = null;
    this.call = null;
    this.ended = false;
    this.active = false;
  }
}
