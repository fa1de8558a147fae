/** A thread's side of its request slot: writes a request, rings, sleeps until it is answered. Everything a worker says goes this way. */
import { Status } from '../../kernel/call.ts';
import { Words } from '../../kernel/words.ts';
import type { CopyStep } from '../../vm/steps.ts';
import { type Control, Slot, SlotState } from './layout.ts';
import { statusOver } from './requests.ts';
import type { Spin } from './spin.ts';

export class SlotClient {
  /** The answer, in shared memory: valid until the next request. */
  readonly reply: Words;
  /** What is to be copied after status Copy. */
  copy: CopyStep | null = null;
  private readonly payload: Float64Array;
  private readonly state: number;
  private readonly empty = new Words(new Float64Array(1));

  constructor(
    private readonly control: Control,
    private readonly slot: number,
    private readonly spin: Spin,
  ) {
    this.payload = control.payload(slot);
    this.reply = new Words(this.payload);
    this.state = control.slot(slot, Slot.State);
  }

  /** Asks for `call`; returns the status. Throws RangeError for words that do not fit into the slot. */
  ask(call: number, words: Words = this.empty): number {
    const { control } = this;
    if (words.length > this.payload.length) {
      throw new RangeError(
        `a request of ${words.length * 8} bytes does not fit into its slot of ${this.payload.byteLength}`,
      );
    }
    this.payload.set(words.data.subarray(0, words.length));
    control.words[control.slot(this.slot, Slot.Call)] = call;
    control.words[control.slot(this.slot, Slot.Length)] = words.length;
    Atomics.store(control.words, this.state, SlotState.Request);
    control.ring();
    while (Atomics.load(control.words, this.state) === SlotState.Request) {
      if (control.stopped) return statusOver;
      this.spin.wait(control.words, this.state, SlotState.Request);
    }
    return this.receive();
  }

  private receive(): number {
    const { control, reply } = this;
    const status = control.words[control.slot(this.slot, Slot.Status)]!;
    reply.at = 0;
    reply.length = control.words[control.slot(this.slot, Slot.Reply)]!;
    Atomics.store(control.words, this.state, SlotState.Free);
    if (status === Status.Copy) {
      this.copy = { physical: reply.take(), length: reply.take(), at: reply.take(), intoMemory: reply.take() === 1 };
    }
    return status;
  }
}
