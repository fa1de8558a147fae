/** A simulated thread that the model drives: its calls end at once, or leave it asleep in the kernel until a later command. */

import { type Call, Status } from '../../src/kernel/call.ts';
import { callTable } from '../../src/kernel/calls/index.ts';
import { HandleError } from '../../src/kernel/handle-table.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import type { KernelTask } from '../../src/kernel/task.ts';
import type { KernelThread } from '../../src/kernel/thread.ts';
import type { Words } from '../../src/kernel/words.ts';
import { FreeTask, type Link } from '../../src/machine/free-task.ts';
import { TaskHandle } from '../../src/task/handle.ts';

/** The calls that actors of this process have made. */
export const issued = new Set<Call>();

/** A call has put its thread to sleep. */
export class Asleep extends Error {
  override readonly name = 'Asleep';
}

export class Actor {
  readonly thread: KernelThread;
  readonly task: FreeTask;
  private readonly link: ThreadLink;
  /** What it sleeps in, and what has to hold of the result; null while it is awake. */
  private asleep: { readonly call: Call; readonly check: (result: never) => void } | null = null;

  constructor(
    readonly kernel: Kernel,
    readonly owner: KernelTask,
    name: string,
  ) {
    this.thread = kernel.addThread(name, owner);
    this.link = new ThreadLink(kernel, this.thread);
    const { hardware } = kernel;
    this.task = new FreeTask(
      owner.name,
      name,
      kernel.handles.grant(owner, this.thread),
      new TaskHandle(kernel.handles.grant(kernel.kernelTask, this.thread)),
      hardware,
      hardware.processorCache(owner.space.number, this.thread.number),
      this.link,
      () => 0,
    );
  }

  get name(): string {
    return this.thread.name;
  }

  /** The number that its task's references are counted under. */
  get holder(): number {
    return this.owner.number;
  }

  get isFree(): boolean {
    return this.asleep === null && !this.thread.ended;
  }

  call<A extends readonly unknown[], R>(call: Call<A, R>, ...values: A): R {
    return this.task.invoke(call, ...values);
  }

  /** A call that copies between memory and `buffer`. */
  copy<A extends readonly unknown[], R>(call: Call<A, R>, buffer: Uint8Array, ...values: A): R {
    return this.task.transfer(call, buffer, ...values);
  }

  /** The error that the call is refused with. */
  refused<A extends readonly unknown[], R>(call: Call<A, R>, ...values: A): Error {
    try {
      this.task.invoke(call, ...values);
    } catch (error) {
      if (error instanceof HandleError || error instanceof RangeError || error instanceof TypeError) return error;
      throw error;
    }
    throw new Error(`${call.name} by ${this.name} was not refused`);
  }

  /** A call that may sleep. `check` is told the result as soon as there is one. */
  sleep<A extends readonly unknown[], R>(call: Call<A, R>, check: (result: R) => void, ...values: A): void {
    let result: R;
    try {
      result = this.task.invoke(call, ...values);
    } catch (error) {
      if (!(error instanceof Asleep)) throw error;
      this.asleep = { call: call as unknown as Call, check: check as (result: never) => void };
      return;
    }
    check(result);
  }

  /** Goes on with what it slept in, when it was woken. */
  wake(): void {
    if (this.thread.ended || this.asleep === null) return;
    const { call, check } = this.asleep;
    try {
      if (this.link.resume() !== Status.Done) throw new Error(`${call.name} of ${this.name} was refused in the end`);
    } catch (error) {
      if (error instanceof Asleep) return;
      throw error;
    }
    this.asleep = null;
    const { reply } = this.link;
    reply.at = 0;
    check(call.result.decode(reply) as never);
  }
}

class ThreadLink implements Link {
  constructor(
    private readonly kernel: Kernel,
    private readonly thread: KernelThread,
  ) {}

  get reply(): Words {
    return this.kernel.reply;
  }

  get copy() {
    return this.kernel.copy;
  }

  begin(call: number, words: Words): number {
    issued.add(callTable[call]!);
    return this.drive(this.kernel.begin(this.thread, call, words));
  }

  resume(): number {
    return this.drive(this.kernel.resume(this.thread));
  }

  log(): void {}

  private drive(status: number): number {
    let next = status;
    while (next === Status.Step) next = this.kernel.resume(this.thread);
    if (next === Status.Blocked) throw new Asleep(`${this.thread.name} waits for ${this.thread.waitingIn?.subject}`);
    return next;
  }
}
