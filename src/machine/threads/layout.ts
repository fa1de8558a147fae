/**
 * The control memory of one machine on threads: every word through which its threads meet, named in this one place.
 *
 * Words come first (header, a block for each thread, a header for each request slot, the actors, the written schedule), then
 * doubles (payloads of the slots, the trace). Large parts cost nothing until they are touched: the system commits them lazily.
 */
import type { Hardware } from '../../hardware/hardware.ts';
import { Actors, mostActors } from '../actors.ts';
import { SharedTrace } from './shared-trace.ts';

/** Words of the header. */
export const Head = {
  /** Moves whenever the coordinator has something to look at. */
  Doorbell: 0,
  /** 1: everybody leaves. */
  Stop: 1,
  /** A `Mode`: what execution `Execution` is. */
  Mode: 2,
  Execution: 3,
  /** The thread that holds the baton. */
  Holder: 4,
  /** 1: nobody takes another step of this execution. */
  Over: 5,
  /** Counts workers that have died. */
  Deaths: 6,
  Seed: 7,
  MaximumSteps: 8,
  /** 1: every operation is a step of the schedule. */
  Always: 9,
  /** Not 0: past the end of the written schedule a strategy is asked; 2: also where only one actor can go on. */
  Dynamic: 10,
  /** Threads that have arrived at the common start of a free-running execution. */
  Barrier: 11,
  /** Iterations done, and how many of them failed: what progress shows. */
  Iterations: 12,
  Failed: 13,
  /** 1: stress is to end after its present iteration. */
  Cancel: 14,
  /** 1: what an execution or the machine leaves behind is an error of the coordinator; for tests. */
  Audit: 15,
  TraceLength: 16,
  TraceSteps: 17,
  LaneRuns: 18,
  /** The run in which the execution is, and the first that it could not follow (-1: none). */
  LaneIndex: 19,
  LaneParted: 20,
  Words: 32,
} as const;

export const Mode = { Idle: 0, Controlled: 1, Free: 2 } as const;

/** Words of a thread's block. Other actors have one too, where the schedule's answers to their choices are written. */
export const Own = {
  /** What its worker sleeps on; moves when there may be something for it. */
  Wake: 0,
  /** A `Phase`. */
  Phase: 1,
  /** A `Stop` of controlled-thread.ts. */
  Stopped: 2,
  /** Operations that are in the trace. */
  Recorded: 3,
  /** The translation epoch that its cache has seen. */
  Epoch: 4,
  /** Answers to `choose` that it has had; where its own are written, and how many. */
  Asked: 5,
  Choices: 6,
  ChoiceCount: 7,
  Words: 8,
} as const;

/** Where a thread's worker is. Dead: the main thread saw its end; buried: the coordinator knows, and frees its place when nobody needs it. */
export const Phase = { Absent: 0, Idle: 1, Running: 2, Dead: 3, Buried: 4 } as const;

/** Words of a request slot's header. */
export const Slot = { State: 0, Call: 1, Length: 2, Status: 3, Reply: 4, Words: 8 } as const;
export const SlotState = { Free: 0, Request: 1, Reply: 2 } as const;

const slotDoubles = 2 ** 15;
const mainSlotDoubles = 2 ** 22;
const mostRuns = 2 ** 20;
const mostChoices = 2 ** 20;
const traceDoubles = 2 ** 23;

export class Control {
  readonly words: Int32Array;
  /** Blocks of threads and other actors. */
  readonly blocks: number;
  private readonly slotHeaders: number;
  private readonly actorWords: number;
  private readonly lane: number;
  private readonly doubles: number;

  static create(threads: number): Control {
    const sizes = new Control(new SharedArrayBuffer(0), threads);
    return new Control(
      new SharedArrayBuffer(sizes.doubles + 8 * (mainSlotDoubles + threads * slotDoubles + traceDoubles)),
      threads,
    );
  }

  /** @param threads how many there can be; slot 0 is the main thread's, slot 1 + n belongs to thread n */
  constructor(
    readonly buffer: SharedArrayBuffer,
    readonly threads: number,
  ) {
    this.blocks = mostActors(threads);
    this.slotHeaders = Head.Words + this.blocks * Own.Words;
    this.actorWords = this.slotHeaders + (threads + 1) * Slot.Words;
    this.lane = this.actorWords + Actors.words(threads);
    this.doubles = 8 * Math.ceil((this.lane + 2 * mostRuns + mostChoices) / 2);
    this.words = new Int32Array(buffer, 0, Math.min(buffer.byteLength, this.doubles) / 4);
  }

  /** Index of word `word` of thread `thread`'s block. */
  own(thread: number, word: number): number {
    return Head.Words + thread * Own.Words + word;
  }

  /** Index of word `word` of a slot's header. */
  slot(slot: number, word: number): number {
    return this.slotHeaders + slot * Slot.Words + word;
  }

  payload(slot: number): Float64Array {
    const before = slot === 0 ? 0 : mainSlotDoubles + (slot - 1) * slotDoubles;
    return new Float64Array(this.buffer, this.doubles + 8 * before, slot === 0 ? mainSlotDoubles : slotDoubles);
  }

  trace(): SharedTrace {
    const from = this.doubles + 8 * (mainSlotDoubles + this.threads * slotDoubles);
    const counters = this.words.subarray(Head.TraceLength, Head.TraceSteps + 1);
    return new SharedTrace(new Float64Array(this.buffer, from, traceDoubles), counters);
  }

  actors(threads: number, hardware: Hardware): Actors {
    return new Actors(this.words.subarray(this.actorWords, this.lane), threads, hardware);
  }

  /** For each run of the written schedule the step at which it ends. */
  laneEnds(): Int32Array {
    return this.words.subarray(this.lane, this.lane + mostRuns);
  }

  /** For each run its actor. */
  laneActors(): Int32Array {
    return this.words.subarray(this.lane + mostRuns, this.lane + 2 * mostRuns);
  }

  laneChoices(): Int32Array {
    return this.words.subarray(this.lane + 2 * mostRuns, this.lane + 2 * mostRuns + mostChoices);
  }

  head(word: number): number {
    return Atomics.load(this.words, word);
  }

  setHead(word: number, value: number): void {
    Atomics.store(this.words, word, value);
  }

  get stopped(): boolean {
    return Atomics.load(this.words, Head.Stop) !== 0;
  }

  /** Calls the coordinator. */
  ring(): void {
    Atomics.add(this.words, Head.Doorbell, 1);
    Atomics.notify(this.words, Head.Doorbell);
  }

  /** Lets thread `thread` look whether there is something for it. */
  wake(thread: number): void {
    const at = this.own(thread, Own.Wake);
    Atomics.add(this.words, at, 1);
    Atomics.notify(this.words, at);
  }

  /** Tells the coordinator that the worker of `thread` is gone. */
  died(thread: number): void {
    Atomics.store(this.words, this.own(thread, Own.Phase), Phase.Dead);
    Atomics.add(this.words, Head.Deaths, 1);
    this.ring();
  }

  phase(thread: number): number {
    return Atomics.load(this.words, this.own(thread, Own.Phase));
  }
}
