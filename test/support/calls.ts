/** Kernel calls by hand, for tests of the kernel alone: threads without functions, one call and one step at a time. */
import * as assert from 'uvu/assert';
import { configure } from '../../src/hardware/configuration.ts';
import { Hardware } from '../../src/hardware/hardware.ts';
import { type Call, Status } from '../../src/kernel/call.ts';
import { Kernel } from '../../src/kernel/kernel.ts';
import type { KernelThread } from '../../src/kernel/thread.ts';
import { text } from '../../src/kernel/wire.ts';
import { Words } from '../../src/kernel/words.ts';
import { watch } from './nothing-left.ts';

export class BareKernel {
  readonly kernel = new Kernel(Hardware.build(configure({ physicalMemory: 2 ** 20 })));
  /** What the observer was told: 'woken a', 'release a 1', 'violation a leak'. */
  readonly told: string[] = [];

  constructor() {
    watch(this.kernel);
    const { told } = this;
    this.kernel.observer = {
      acquire: (thread, key) => told.push(`acquire ${thread.name} ${key}`),
      release: (thread, key) => told.push(`release ${thread.name} ${key}`),
      recycled: () => 0,
      moved: () => 0,
      reclaimed: () => 0,
      pagedOut: () => 0,
      pagedIn: () => 0,
      maintained: () => 0,
      touch: (thread) => told.push(`touch ${thread.name}`),
      violation: (thread, rule) => told.push(`violation ${thread.name} ${rule}`),
      woken: (thread) => told.push(`woken ${thread.name}`),
    };
  }

  /** A thread, in a task of its own unless it is told which. */
  thread(name: string, task = this.kernel.addTask(name)): KernelThread {
    return this.kernel.addThread(name, task);
  }

  begin<A extends readonly unknown[], R>(thread: KernelThread, call: Call<A, R>, ...values: A): number {
    const words = new Words();
    call.parameters.forEach((parameter, i) => {
      parameter.codec.encode(words, values[i], parameter.name);
    });
    return this.kernel.begin(thread, call.number, words);
  }

  /** The result of the call that has just ended. */
  result<R>(call: { readonly result: { decode(from: Words): R } }): R {
    this.kernel.reply.at = 0;
    return call.result.decode(this.kernel.reply);
  }

  /** A call that ends at once, with its result. */
  call<A extends readonly unknown[], R>(thread: KernelThread, call: Call<A, R>, ...values: A): R {
    const status = this.begin(thread, call, ...values);
    if (status === Status.Refused) assert.unreachable(`${call.name} was refused: ${this.refusal().join(': ')}`);
    assert.is(status, Status.Done, call.name);
    return this.result(call);
  }

  /** Name and message of the refusal in the reply. */
  refusal(): [name: string, message: string] {
    this.kernel.reply.at = 0;
    return [text.decode(this.kernel.reply), text.decode(this.kernel.reply)];
  }
}
