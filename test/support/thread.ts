/** A kernel thread driven by hand: one step of one call at a time, to put steps of two threads into a chosen order. */
import { type Call, Status } from '../../src/kernel/call.ts';
import type { KernelThread } from '../../src/kernel/thread.ts';
import { Words } from '../../src/kernel/words.ts';
import type { TestMachine } from './machine.ts';

export class HandDriven {
  readonly thread: KernelThread;
  private buffer = new Uint8Array(0);

  constructor(
    private readonly machine: TestMachine,
    name: string,
    task = machine.kernelState.kernelTask,
  ) {
    this.thread = machine.kernelState.addThread(name, task);
  }

  /** Lets the thread use objects that the machine made. */
  grant(...handles: { readonly id: number }[]): this {
    const { kernelState } = this.machine;
    const owner = kernelState.machineThread(kernelState.kernelTask);
    for (const { id } of handles) kernelState.handles.grant(kernelState.handles.lookup(id, null, owner), this.thread);
    return this;
  }

  /** The first step of a call. */
  begin<A extends readonly unknown[], R>(call: Call<A, R>, values: A, buffer = new Uint8Array(0)): number {
    this.buffer = buffer;
    const words = new Words();
    call.parameters.forEach((parameter, i) => {
      parameter.codec.encode(words, values[i], parameter.name);
    });
    return this.machine.kernelState.begin(this.thread, call.number, words);
  }

  /** The next step; a copy that the call asked for happens in it. */
  step(): number {
    return this.machine.kernelState.resume(this.thread);
  }

  /** Carries out the copy that the last step asked for. */
  copy(): void {
    const { physical, length, at, intoMemory } = this.machine.kernelState.copy!;
    const { memory } = this.machine.hardware;
    if (intoMemory) memory.write(physical, this.buffer, at, length);
    else memory.read(physical, this.buffer, at, length);
  }

  /** Steps until the call ends or blocks. Returns its status. */
  finish(status: number): number {
    let now = status;
    while (now === Status.Step || now === Status.Copy) {
      if (now === Status.Copy) this.copy();
      now = this.step();
    }
    return now;
  }

  /** The result of the call that ended in the step before. */
  result<R>(call: Call<readonly never[], R>): R {
    const { reply } = this.machine.kernelState;
    reply.at = 0;
    return call.result.decode(reply);
  }
}
