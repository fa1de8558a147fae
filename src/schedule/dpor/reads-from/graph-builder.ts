/**
 * Makes the graph of an execution: writes its steps down as they are taken, and when it is over finds what they share, which takes all of
 * them. It also sees what reads do not tell, so that there is no such graph: somebody slept and was woken, or everything may have changed.
 */
import { Kind } from '../../../kernel/trace.ts';
import type { Intents } from '../../../machine/intents.ts';
import type { Watched } from '../../../machine/schedule.ts';
import { everything } from '../footprints.ts';
import { Recorder } from '../recorder.ts';
import { noChoices } from '../variants.ts';
import { Accesses, Mode, unconditional } from './accesses.ts';
import { Graph } from './graph.ts';
import { Places, unshared } from './places.ts';

export class GraphBuilder {
  readonly graph = new Graph();
  /** Reads do not tell what can happen. */
  isBeyond = false;
  private readonly recorder = new Recorder();
  private readonly past = this.recorder.past;
  private readonly accesses = new Accesses();
  private readonly places = new Places();
  private execution: Watched | null = null;
  private intents: Intents | null = null;
  /** Who stands before a lock for ever, each followed by how the lock is used. */
  private readonly waiting: number[] = [];
  /** Pieces of memory that were looked at when all was over. */
  private readonly looked: number[] = [];
  /** Whether somebody has tried to take a lock that was held, since nobody could do anything else. */
  private tried = false;

  watch(intents: Intents, execution: Watched): void {
    this.intents = intents;
    this.execution = execution;
    this.recorder.watch(intents, execution);
    this.accesses.clear();
    this.waiting.length = 0;
    this.looked.length = 0;
    this.tried = false;
    this.isBeyond = execution.firstBuffer >= 0 || execution.cache >= 0;
  }

  /** Step `step` is about to be taken by one of `runnable`; `last` took the one before. */
  look(step: number, runnable: Int32Array, count: number, last: number): void {
    const { recorder } = this;
    recorder.look(step, runnable, count);
    // Somebody can no longer go on who could: it was put to sleep, it died, or it looks in vain.
    for (let actor = 0; actor < recorder.actors; actor++)
      if (step > 0 && actor !== last && recorder.couldTake(actor, step - 1)) this.isBeyond = true;
  }

  /** Whoever goes on by itself: the thread that runs, else the lowest; who would only wait for a lock comes last. */
  whoGoesOn(runnable: Int32Array, count: number, current: number): number {
    const { recorder } = this;
    if (current >= 0 && !recorder.waits(current)) return current;
    for (let i = 0; i < count; i++) if (!recorder.waits(runnable[i]!)) return runnable[i]!;
    return current >= 0 ? current : runnable[0]!;
  }

  /** `actor` has taken the step. `goesOn`: the execution is not over. */
  complete(step: number, actor: number, variant: number, goesOn: boolean): void {
    const { recorder, past, accesses } = this;
    const footprint = recorder.write(step, actor, variant, goesOn);
    const { used, usedCount } = recorder.reader;
    accesses.read(this.execution!, recorder.from, used, usedCount);
    if (footprint === everything || past.enabler(step) >= 0) this.isBeyond = true;
    if (!past.isAttempt(step)) {
      if (this.tried) this.isBeyond = true;
      return;
    }
    this.tried = true;
    if (usedCount !== 1) this.isBeyond = true;
    this.waiting.push(actor, used[0]!);
  }

  /**
   * The execution is over: with step `last`, which `taker` took. True where what is shared has turned out to be more, or in smaller pieces, than it
   * was taken for so far.
   */
  build(last: number, taker: number): boolean {
    this.findWaiting(last, taker);
    if (this.isBeyond) return false;
    const { graph, places } = this;
    places.changed = false;
    for (let step = 0; step <= last; step++) this.use(step);
    for (let i = 0; i < this.waiting.length; i += 2) places.useKernel(this.waiting[i + 1]!, this.waiting[i]!);
    graph.clear(this.recorder.actors, places.count, places.firstKernel);
    for (let step = 0; step <= last; step++) if (!this.past.isAttempt(step)) this.addStep(step);
    this.addLooks();
    for (let i = 0; i < this.waiting.length; i += 2) this.addWaiting(this.waiting[i]!, this.waiting[i + 1]!);
    return places.changed;
  }

  /** Who could have gone on and did not: only who waits for a lock may. */
  private findWaiting(last: number, taker: number): void {
    const { recorder } = this;
    for (let actor = 0; actor < recorder.actors; actor++) {
      if (last < 0 || actor === taker || !recorder.couldTake(actor, last)) continue;
      if (!recorder.waits(actor)) {
        this.isBeyond = true;
        return;
      }
      recorder.reader.lock(this.intents!.locks[actor]!);
      this.waiting.push(actor, recorder.reader.used[0]!);
    }
  }

  private use(step: number): void {
    const { accesses, places } = this;
    const actor = this.past.actor(step);
    for (let access = accesses.first(step); access < accesses.first(step + 1); access++)
      places.useMemory(accesses.starts[access]!, accesses.ends[access]!, actor);
    for (let i = accesses.firstResource(step); i < accesses.firstResource(step + 1); i++)
      places.useKernel(accesses.resources[i]!, actor);
  }

  private addStep(step: number): void {
    const { graph, past, accesses, places } = this;
    graph.begin(past.actor(step), past.variant(step), past.takes(step), past.findsFree(step));
    for (let access = accesses.first(step); access < accesses.first(step + 1); access++) {
      const end = accesses.ends[access]!;
      for (let piece = places.pieceAt(accesses.starts[access]!); places.beginsBefore(piece, end); piece++) {
        // Of a step it is the first operation that others may come to notice; what the thread does then for itself follows from that.
        if (accesses.isLate[access] === 1 && !places.isShared(piece)) continue;
        graph.operate(
          piece,
          places.isShared(piece),
          accesses.modes[access]!,
          accesses.found[access]!,
          accesses.left[access]!,
          accesses.expected[access]!,
        );
      }
    }
    for (let i = accesses.firstResource(step); i < accesses.firstResource(step + 1); i++) {
      const place = places.ofKernel(accesses.resources[i]!);
      if (place !== unshared) graph.operate(place, true, Mode.Updates, Number.NaN, Number.NaN, unconditional);
    }
    graph.end(true);
    if (!graph.isSimple(graph.count - 1)) this.isBeyond = true;
  }

  /** What `check` and `outcome` have read, once each. They must not ask in which frames pages are: that is an order which nobody keeps. */
  private addLooks(): void {
    const { graph, places, recorder, looked, accesses } = this;
    const { trace } = this.execution!;
    for (let at = recorder.from; at < trace.length; at = trace.after(at)) {
      if (trace.kindAt(at) !== Kind.Looked) continue;
      const physical = trace.words[at + 3]!;
      if (physical < 0) {
        if (accesses.pagesCame) this.isBeyond = true;
        continue;
      }
      const start = this.execution!.nameOf(physical);
      const end = start + trace.words[at + 4]!;
      for (let piece = places.pieceAt(start); places.beginsBefore(piece, end); piece++) {
        if (!places.isShared(piece) || looked.includes(piece)) continue;
        looked.push(piece);
        graph.begin(recorder.actors, noChoices, false, false);
        graph.operate(piece, true, Mode.Reads, Number.NaN, Number.NaN, unconditional);
        graph.end(true);
      }
    }
  }

  private addWaiting(actor: number, use: number): void {
    const { graph, places } = this;
    graph.begin(actor, noChoices, true, true);
    const place = places.ofKernel(use);
    if (place !== unshared) graph.operate(place, true, Mode.Updates, Number.NaN, Number.NaN, unconditional);
    graph.end(false);
  }
}
