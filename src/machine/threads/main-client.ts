/**
 * The main thread's request slot. It must not block, so it waits asynchronously; one request at a time, others queue. While one
 * is under way a timer keeps the process alive and looks after what no notification reports: a deadline, a coordinator that died.
 */
import { Status } from '../../kernel/call.ts';
import { text } from '../../kernel/wire.ts';
import { Words } from '../../kernel/words.ts';
import { decodePlain } from '../../task/plain-data.ts';
import { ScenarioError, UsageError } from '../errors.ts';
import { type Control, Slot, SlotState } from './layout.ts';

const lookEvery = 20;

export class MainClient {
  private readonly payload: Float64Array;
  private readonly state: number;
  private queue: Promise<unknown> = Promise.resolve();
  private closed: Error | null = null;

  constructor(private readonly control: Control) {
    this.payload = control.payload(0);
    this.state = control.slot(0, Slot.State);
  }

  /** Rejects what is under way and all that comes later with `reason`. */
  close(reason: Error): void {
    this.closed ??= reason;
    Atomics.notify(this.control.words, this.state);
  }

  /** Asks for `command`; the answer as plain data. `look` is called regularly meanwhile and may throw to give up. */
  ask(command: number, words: Words, look: () => void = () => {}): Promise<unknown> {
    const job = this.queue.then(() => this.exchange(command, words, look));
    this.queue = job.catch(() => {});
    return job;
  }

  /** The same, with an argument as JSON. */
  askJson(command: number, argument: unknown, look?: () => void): Promise<unknown> {
    const words = new Words();
    text.encode(words, JSON.stringify(argument), 'command');
    return this.ask(command, words, look);
  }

  private async exchange(command: number, words: Words, look: () => void): Promise<unknown> {
    const { control } = this;
    if (this.closed !== null) throw this.closed;
    this.payload.set(words.data.subarray(0, words.length));
    control.words[control.slot(0, Slot.Call)] = command;
    control.words[control.slot(0, Slot.Length)] = words.length;
    Atomics.store(control.words, this.state, SlotState.Request);
    control.ring();
    await this.answered(look);
    return this.receive();
  }

  private answered(look: () => void): Promise<void> {
    const { control, state } = this;
    return new Promise((resolve, reject) => {
      const check = (): boolean => {
        try {
          if (Atomics.load(control.words, state) === SlotState.Reply) settle(resolve);
          else if (this.closed !== null) throw this.closed;
          else {
            look();
            return false;
          }
        } catch (error) {
          settle(() => reject(error));
        }
        return true;
      };
      const timer = setInterval(check, lookEvery);
      const settle = (how: () => void): void => {
        clearInterval(timer);
        how();
      };
      const wait = Atomics.waitAsync(control.words, state, SlotState.Request);
      if (wait.async) void wait.value.then(check);
      else check();
    });
  }

  private receive(): unknown {
    const { control } = this;
    const words = new Words(this.payload.slice(0, control.words[control.slot(0, Slot.Reply)]!));
    words.length = words.data.length;
    const status = control.words[control.slot(0, Slot.Status)]!;
    Atomics.store(control.words, this.state, SlotState.Free);
    if (status === Status.Done) return decodePlain(words);
    throw errorOf(text.decode(words), text.decode(words));
  }
}

/** An error that crossed threads as name and message. */
export function errorOf(name: string, message: string): Error {
  switch (name) {
    case 'ScenarioError':
    case 'NotDeterministic':
      return new ScenarioError(message);
    case 'UsageError':
      return new UsageError(message);
    case 'RangeError':
      return new RangeError(message);
    case 'TypeError':
      return new TypeError(message);
    default:
      return Object.assign(new Error(message), { name });
  }
}
