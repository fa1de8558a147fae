/**
 * The coordinator's side of all request slots. It copies a request before it looks at it, so that nobody changes it meanwhile,
 * serves each once until it has answered, and believes no word that it reads.
 */
import { Status } from '../../kernel/call.ts';
import { text } from '../../kernel/wire.ts';
import { Words } from '../../kernel/words.ts';
import type { CopyStep } from '../../vm/steps.ts';
import { type Control, Slot, SlotState } from './layout.ts';

export class SlotServer {
  /** The words of the request taken last. */
  readonly words = new Words();
  private readonly payloads: Float64Array[] = [];
  /** Slots whose request was taken and not yet answered. */
  private readonly busy: boolean[] = [];
  private readonly scratch = new Words();

  constructor(private readonly control: Control) {
    for (let slot = 0; slot <= control.threads; slot++) {
      this.payloads.push(control.payload(slot));
      this.busy.push(false);
    }
  }

  /** Whether there is a new request in `slot`. */
  asks(slot: number): boolean {
    return (
      !this.busy[slot] && Atomics.load(this.control.words, this.control.slot(slot, Slot.State)) === SlotState.Request
    );
  }

  /** Takes the request in `slot` into `words` and returns what is asked for; null, and an answer, when it is malformed. */
  take(slot: number): number | null {
    const { control, words } = this;
    const call = control.words[control.slot(slot, Slot.Call)]!;
    const length = control.words[control.slot(slot, Slot.Length)]!;
    const payload = this.payloads[slot]!;
    this.busy[slot] = true;
    if (length < 0 || length > payload.length) {
      this.refuse(slot, 'Malformed', `a request of ${length} words`);
      return null;
    }
    words.clear();
    words.reserve(length);
    words.data.set(payload.subarray(0, length));
    words.length = length;
    return call;
  }

  /** Whether the request in `slot` waits for its answer. */
  isBusy(slot: number): boolean {
    return this.busy[slot]!;
  }

  /** Answers with `words`, all of them. */
  answer(slot: number, status: number, words: Words | null = null): void {
    const { control } = this;
    const payload = this.payloads[slot]!;
    const length = words?.length ?? 0;
    if (length > payload.length) {
      this.refuse(
        slot,
        'RangeError',
        `a result of ${length * 8} bytes does not fit into the slot of ${payload.byteLength}`,
      );
      return;
    }
    if (words !== null) payload.set(words.data.subarray(0, length));
    control.words[control.slot(slot, Slot.Status)] = status;
    control.words[control.slot(slot, Slot.Reply)] = length;
    this.busy[slot] = false;
    const state = control.slot(slot, Slot.State);
    Atomics.store(control.words, state, SlotState.Reply);
    Atomics.notify(control.words, state);
  }

  answerNumber(slot: number, value: number): void {
    this.scratch.clear();
    this.scratch.put(value);
    this.answer(slot, Status.Done, this.scratch);
  }

  answerCopy(slot: number, copy: CopyStep): void {
    this.scratch.clear();
    for (const word of [copy.physical, copy.length, copy.at, copy.intoMemory ? 1 : 0]) this.scratch.put(word);
    this.answer(slot, Status.Copy, this.scratch);
  }

  refuse(slot: number, name: string, message: string): void {
    this.scratch.clear();
    text.encode(this.scratch, name, 'error');
    text.encode(this.scratch, message, 'error');
    this.answer(slot, Status.Refused, this.scratch);
  }

  /** Half a request of a worker that is gone: nobody waits for its answer. */
  discard(slot: number): void {
    this.busy[slot] = false;
    Atomics.store(this.control.words, this.control.slot(slot, Slot.State), SlotState.Free);
  }
}
