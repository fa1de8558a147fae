/**
 * A task without a schedule: each operation happens when it is called. Used by `setup` and `check` (calls go straight to the
 * kernel) and by free-running workers (calls go through the mailbox); which of the two is the link's business.
 */
import { KernelPanic } from '../hardware/errors.ts';
import type { Hardware } from '../hardware/hardware.ts';
import type { TranslationCache } from '../hardware/translation-cache.ts';
import { type Call, encodeArguments, Status } from '../kernel/call.ts';
import { text } from '../kernel/wire.ts';
import { Words } from '../kernel/words.ts';
import type { TaskHandle } from '../task/handle.ts';
import type { CopyStep } from '../vm/steps.ts';
import { FreeMemory, type ReadListener } from './free-memory.ts';
import { refusal } from './refusal.ts';

/** The way to the kernel. A call that blocks returns when it is over. */
export interface Link extends ReadListener {
  begin(call: number, words: Words): number;
  resume(): number;
  readonly reply: Words;
  readonly copy: CopyStep | null;
  /** A line that the task logged. */
  log(line: string): void;
}

/** Thrown by a failed `assert`, and by any later operation of a thread that has failed. */
export class AssertionFailed extends Error {
  override readonly name = 'AssertionFailed';
}

export class FreeTask extends FreeMemory {
  private readonly words = new Words();
  private failure: AssertionFailed | null = null;

  constructor(
    name: string,
    thread: string,
    id: number,
    kernelTask: TaskHandle,
    hardware: Hardware,
    cache: TranslationCache,
    private readonly link: Link,
    /** Numbers in [0, 1) for `random` and `choose`. */
    private readonly draw: () => number,
  ) {
    super(name, thread, id, kernelTask, hardware, cache, link);
  }

  override invoke<A extends readonly unknown[], R>(call: Call<A, R>, ...values: A): R {
    return this.request(call as Call<never, R>, null, values);
  }

  override transfer<A extends readonly unknown[], R>(call: Call<A, R>, buffer: Uint8Array, ...values: A): R {
    return this.request(call as Call<never, R>, buffer, values);
  }

  override random(): number {
    return this.draw();
  }

  override choose(n: number): number {
    if (!Number.isInteger(n) || n < 1) throw new RangeError(`choose: expected a whole number from 1, got ${String(n)}`);
    return Math.floor(this.draw() * n);
  }

  override yield(): void {
    this.stopIfFailed();
  }

  override log(...values: unknown[]): void {
    this.link.log(values.map(String).join(' '));
  }

  protected override fail(message: string): never {
    this.failure ??= new AssertionFailed(message);
    throw this.failure;
  }

  private request<R>(call: Call<never, R>, buffer: Uint8Array | null, values: readonly unknown[]): R {
    this.stopIfFailed();
    const words = this.words;
    words.clear();
    encodeArguments(words, call, values);
    let status = this.link.begin(call.number, words);
    while (status === Status.Copy) {
      const { physical, length, at, intoMemory } = this.link.copy!;
      if (intoMemory) this.writeRun(physical, buffer!, at, length, null);
      else this.readRun(physical, buffer!, at, length, null);
      status = this.link.resume();
    }
    const reply = this.link.reply;
    reply.at = 0;
    if (status === Status.Done) return call.result.decode(reply);
    if (status === Status.Panicked) throw new KernelPanic(text.decode(reply));
    throw refusal(text.decode(reply), text.decode(reply));
  }

  protected override stopIfFailed(): void {
    if (this.failure !== null) throw this.failure;
  }
}
