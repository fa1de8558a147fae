/** Kernel calls of a controlled thread, step by step: begun, resumed after suspensions, ended, and answered again when repeated. */
import { KernelPanic } from '../hardware/errors.ts';
import { type Call, encodeArguments, Status } from '../kernel/call.ts';
import { callTable } from '../kernel/calls/index.ts';
import { headerWords, Kind } from '../kernel/trace.ts';
import { handle, text } from '../kernel/wire.ts';
import { Words } from '../kernel/words.ts';
import type { CopyStep } from '../vm/steps.ts';
import { copyFragment } from './bulk-copy.ts';
import { type ControlledThread, Turn } from './controlled-thread.ts';
import type { OperationLog } from './operation-log.ts';
import { refusal } from './refusal.ts';

/** While a function is being unwound, giving things back is done by the engine: `finally` blocks must not fail. */
const silentWhileUnwinding = new Set([
  'release',
  'complete',
  'unmap',
  'commandComplete',
  'clearMemoryDescriptor',
  'completeDMA',
  'wakeup',
  'lockFree',
  'unlock',
  'recursiveUnlock',
  'rwUnlock',
  'simpleUnlock',
]);

/** Calls that change nothing where they answer no: whoever makes them again and again waits. */
const looks = ['tryLock', 'recursiveTryLock', 'simpleTryLock'];
/** By number of the call. */
const isLook = callTable.map(({ name }) => looks.includes(name));

export const noBytes = new Uint8Array(0);

export class CallSteps {
  /** The operation under way, or -1. */
  private operation = -1;
  private status: number = Status.Done;
  private copy: CopyStep | null = null;
  private buffer: Uint8Array = noBytes;
  private readonly values = new Words();
  private readonly reader = new Words(new Float64Array(1));

  constructor(
    private readonly thread: ControlledThread,
    private readonly done: OperationLog,
  ) {}

  clear(): void {
    this.operation = -1;
    this.thread.underWay = -1;
    this.status = Status.Done;
    this.copy = null;
  }

  /**
   * Makes the call; `buffer` is what it copies from or into. Throws what the kernel refuses it with. Where the function that makes it
   * can yield, and it has to wait, it returns undefined, and is made again to go on.
   */
  request<R>(call: Call<never, R>, buffer: Uint8Array, values: readonly unknown[]): R {
    const { thread } = this;
    if (thread.stopped !== 0 && !thread.repeating) {
      if (silentWhileUnwinding.has(call.name)) return undefined as R;
      throw thread.unwind();
    }
    this.values.clear();
    encodeArguments(this.values, call, values);
    const operation = thread.operation++;
    const canLeave = thread.canLeave();
    if (operation < this.done.length) {
      this.done.repeatCall(operation, call.number, this.values);
      return this.resultOf(operation, call, buffer);
    }
    if (this.operation === operation) {
      this.done.repeatCall(operation, call.number, this.values);
    } else {
      thread.refuseOther(Kind.Call, call.number);
      // The first argument is what a call is about, where that is a handle.
      const { intents } = thread.carrier;
      if (intents !== null)
        intents.call(thread.number, call.parameters[0]?.codec === handle ? this.values.data[0]! : 0, call.takesLock);
      if (thread.stand() === Turn.Postponed) return undefined as R;
      this.begin(operation, call.number, buffer);
    }
    while (this.status === Status.Step || this.status === Status.Blocked || this.status === Status.Copy) {
      if (canLeave) thread.mayLeave();
      if (!this.goOn(operation)) return undefined as R;
    }
    return this.finish(operation, call, buffer);
  }

  private begin(operation: number, number: number, buffer: Uint8Array): void {
    const { thread, values } = this;
    thread.path?.fence();
    const at = thread.trace.append(Kind.Call, thread.number, operation, number, -1, 0, 0, 0);
    thread.trace.extend(at, values.bits, values.length);
    this.done.begin(operation, at);
    this.operation = operation;
    thread.underWay = operation;
    this.buffer = buffer.length === 0 ? noBytes : buffer.slice();
    this.answer(thread.carrier.begin(thread, number, values));
  }

  /** One more step of the call under way; false where it has to wait for that and its function is to yield. */
  private goOn(operation: number): boolean {
    const { thread, copy } = this;
    let turn: number;
    if (this.status === Status.Blocked) turn = thread.waitToWake();
    else if (copy !== null) turn = thread.standBefore(copy.physical, copy.intoMemory);
    else turn = thread.stand();
    if (turn === Turn.Postponed) return false;
    if (copy !== null) {
      const { physical, length, at, intoMemory } = copy;
      const memory = thread.path?.copied(null, physical, length, intoMemory) ?? thread.memory;
      copyFragment(thread, memory, operation, physical, physical, length, this.buffer, at, intoMemory);
    } else {
      const number = thread.trace.words[this.done.at(operation) + 2]!;
      thread.trace.append(Kind.Continue, thread.number, operation, number, -1, 0, 0, 0);
    }
    this.answer(thread.carrier.resume(thread));
    return true;
  }

  private answer(status: number): void {
    this.status = status;
    this.copy = status === Status.Copy ? this.thread.carrier.copy : null;
    if (status !== Status.Done) this.thread.carrier.spins.stirred();
  }

  private finish<R>(operation: number, call: Call<never, R>, buffer: Uint8Array): R {
    const { thread, status } = this;
    const { reply } = thread.carrier;
    const at = thread.trace.append(Kind.Return, thread.number, operation, call.number, -1, status, 0, 0);
    thread.trace.extend(at, reply.bits, reply.length);
    this.done.end(operation, at, this.buffer === noBytes ? undefined : this.buffer);
    this.clear();
    if (isLook[call.number] && status === Status.Done && reply.data[0] === 0) thread.looked(operation);
    else {
      thread.acted(-1, 0);
      thread.carrier.spins.stirred();
    }
    if (status === Status.Panicked) {
      reply.at = 0;
      thread.carrier.panic(thread, text.decode(reply));
    }
    return this.resultOf(operation, call, buffer);
  }

  /** The recorded result as a fresh value; throws what the call was refused with. */
  private resultOf<R>(operation: number, call: Call<never, R>, buffer: Uint8Array): R {
    const { words } = this.thread.trace;
    const at = this.done.returnAt(operation);
    const { reader } = this;
    if (reader.data !== words) reader.lieIn(words);
    reader.at = at + headerWords;
    reader.length = reader.at + words[at + 7]!;
    const status = words[at + 4]!;
    if (status === Status.Refused) throw refusal(text.decode(reader), text.decode(reader));
    if (status === Status.Panicked) throw new KernelPanic(text.decode(reader));
    const kept = this.done.object(operation);
    if (kept instanceof Uint8Array) buffer.set(kept);
    return call.result.decode(reader);
  }
}
