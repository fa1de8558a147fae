/**
 * The answers to a decision that an execution behind it shows to be possible (Abdulla, Atig, Jonsson, Lång, Ngo and Sagonas, OOPSLA 2019).
 *
 * An event that reads from memory may read from any operation on the place that does not come after it, if the two with their pasts can come
 * in some order together with what is settled. That is all there is, but for one case: where two updates read from the same operation only one
 * can, and the other reads from it; so of an update that reads from the event it is asked whether it can come first.
 *
 * Why nothing is missed. Take an answer that was not met, and with it the events that it needs: the settled ones and the past of
 * what is read from, W. Leave out W, in which nobody else's past ends: then the event can come last of all, and what it reads from has a smaller
 * past. By induction that answer was met, and all that follows it explored: among that an execution which has the same events, and
 * then W. There W does not depend on the event, or it is an update that reads from it; either way it is met here. That holds while no event
 * writes one place and reads another: ReadsFromReduction gives way to traces where one does.
 *
 * Uses of a resource of the kernel are updates all of them, in a row. Who takes a lock may never do so if another takes it first. So it is not asked
 * what the event reads from but who is the next in the row, which always somebody is.
 */

import type { Variants } from '../variants.ts';
import { Mode, unconditional } from './accesses.ts';
import { type Decision, Plan } from './decision.ts';
import { Digest } from './digest.ts';
import { type Graph, initially, undecided } from './graph.ts';
import { Witness } from './witness.ts';

export class Alternatives {
  private readonly witness: Witness;
  private counts = new Int32Array(1);
  private readonly answer = new Digest();

  constructor(
    private readonly graph: Graph,
    private readonly variants: Variants,
  ) {
    this.witness = new Witness(graph);
  }

  /** Whether a search took too long: answers may be missing. */
  get gaveUp(): boolean {
    return this.witness.gaveUp;
  }

  /** The graph has changed: of what begins as it is planned only the `open` steps are new, and what comes after it. */
  learn({ length, open }: Plan): void {
    const { graph, every, news } = this;
    every.length = 0;
    news.length = 0;
    for (let op = initially; op < graph.ops; op++) {
      every.push(op);
      if (op !== initially && (graph.events[op]! >= length || open.includes(graph.events[op]!))) news.push(op);
    }
  }
  /** All operations, with what was there from the start; and those that are new. */
  private readonly every: number[] = [];
  private readonly news: number[] = [];
  private candidates: readonly number[] = this.every;

  /**
   * Plans the answers to `decision` that the graph shows and none before has.
   *
   * @param isNew whether no graph was looked at for it before
   */
  find(decision: Decision, isNew: boolean): void {
    const { graph } = this;
    const event = graph.at(decision.actor, decision.position);
    if (event < 0 || event >= graph.came) return;
    if (this.counts.length !== graph.width) this.counts = new Int32Array(graph.width);
    this.candidates = isNew ? this.every : this.news;
    const update = graph.updateOf(event);
    if (update >= 0 && graph.isKernel(graph.places[update]!)) {
      // Where another came first, all who could have were found when the event did.
      if (graph.bases.of(event) === decision.base) this.findSuccessors(decision, event, update);
      return;
    }
    this.findSources(decision, event);
    if (update >= 0 && graph.modes[update] === Mode.Updates) this.findUpdates(decision, event, update);
  }

  /** The answer that the event gives now has been met. */
  meet(decision: Decision, event: number): void {
    decision.isNew(this.answerOf(event));
  }

  /** Digest of what the event's operations read from; `changed` (-1: none) from the one with that identity. */
  private answerOf(event: number, changed = -1, identity = 0): number {
    const { graph, answer } = this;
    answer.begin(0, 0);
    for (let op = graph.firstOps[event]!; op < graph.firstOps[event + 1]!; op++)
      if ((graph.modes[op]! & Mode.Reads) !== 0)
        answer.add(0, op === changed ? identity : graph.identityOf(graph.sources[op]!));
    return answer.of(0);
  }

  private findSources(decision: Decision, event: number): void {
    const { graph, open } = this;
    open.length = 0;
    for (let op = graph.firstOps[event]!; op < graph.firstOps[event + 1]!; op++)
      if (graph.isShared[op] === 1 && (graph.modes[op]! & Mode.Reads) !== 0) open.push(op, graph.sources[op]!);
    if (open.length === 0 || (open.length > 2 && !this.showsNew(decision, event))) return;
    if (open.length > 2) this.candidates = this.every;
    for (let i = 0; i < open.length; i += 2) graph.sources[open[i]!] = undecided;
    this.decide(decision, event, 0);
    for (let i = 0; i < open.length; i += 2) graph.sources[open[i]!] = open[i + 1]!;
  }
  /** The operations that are to be decided, each followed by what it reads from now. */
  private readonly open: number[] = [];

  /** Whether somebody is there to be read from who was not before: else no combination is new. */
  private showsNew(decision: Decision, event: number): boolean {
    const { graph, open, answer } = this;
    let isNew = false;
    for (let i = 0; i < open.length; i += 2)
      for (const source of this.candidates) {
        if (!this.canBeRead(source, open[i]!, event)) continue;
        answer.begin(0, 1 + i);
        answer.add(0, graph.identityOf(source));
        if (decision.isNew(answer.of(0))) isNew = true;
      }
    return isNew;
  }

  /** Tries everything that the `i`th open operation and those after it can read from; those before it are decided. */
  private decide(decision: Decision, event: number, i: number): void {
    const { graph, open } = this;
    const op = open[i]!;
    const isLast = i + 2 === open.length;
    for (const source of this.candidates) {
      if (!this.canBeRead(source, op, event)) continue;
      graph.sources[op] = source;
      if (isLast && !decision.isNew(this.answerOf(event))) continue;
      if (!this.isPossible(decision, event)) continue;
      if (isLast) this.plan(decision, [event, ...this.lastRead(decision)]);
      else this.decide(decision, event, i + 2);
    }
    graph.sources[op] = undecided;
  }

  /** The events that are read from, but for those that are settled or in the past of another. */
  private lastRead(decision: Decision): number[] {
    const { graph, open } = this;
    const read: number[] = [];
    for (let i = 0; i < open.length; i += 2) {
      const source = graph.sources[open[i]!]!;
      if (source >= 0) read.push(graph.events[source]!);
    }
    return read.filter(
      (event) =>
        graph.positions[event]! > decision.counts[graph.actors[event]!]! &&
        !read.some((other) => other !== event && graph.isBefore(event, other)),
    );
  }

  private canBeRead(source: number, op: number, event: number): boolean {
    if (source === initially) return true;
    const { graph } = this;
    const writer = graph.events[source]!;
    if (graph.places[source] !== graph.places[op] || (graph.modes[source]! & Mode.Writes) === 0) return false;
    return writer < graph.came && !graph.isBefore(event, writer);
  }

  /** Whether the event can come where its operations read from what they say. */
  private isPossible(decision: Decision, event: number): boolean {
    const { graph, counts, open } = this;
    counts.set(decision.counts);
    for (let i = 0; i < open.length; i += 2) {
      const source = graph.sources[open[i]!]!;
      if (source >= 0) graph.include(counts, graph.events[source]!);
    }
    return this.comes(event);
  }

  /** Whether the event can come after the events in `counts`. */
  private comes(event: number): boolean {
    const { graph, counts } = this;
    counts[graph.actors[event]!] = graph.positions[event]!;
    const op = graph.updateOf(event);
    if (op < 0 || graph.expected[op] === unconditional) return this.witness.find(counts, graph.placeCount);
    // An exchange writes or does not, by what it finds.
    const value = this.graph.valueOf(op, graph.sources[op]!);
    if (!Number.isNaN(value)) return this.comesAs(op, value === graph.expected[op] ? Mode.Updates : Mode.Reads);
    return this.comesAs(op, Mode.Updates) || this.comesAs(op, Mode.Reads);
  }

  private comesAs(op: number, mode: number): boolean {
    const { graph } = this;
    const own = graph.modes[op]!;
    graph.modes[op] = mode;
    const found = this.witness.find(this.counts, graph.placeCount);
    graph.modes[op] = own;
    return found;
  }

  /** Updates that read from the event: they could read from what it reads from, and it from them. */
  private findUpdates(decision: Decision, event: number, op: number): void {
    const { graph, counts } = this;
    const source = graph.sources[op]!;
    for (const other of this.candidates) {
      if (other === initially || graph.sources[other] !== op || (graph.modes[other]! & Mode.Reads) === 0) continue;
      const updater = graph.events[other]!;
      const expected = graph.expected[other]!;
      const writes = expected === unconditional ? graph.modes[other] === Mode.Updates : expected === graph.found[op];
      if (!writes || updater >= graph.came || graph.isBefore(event, graph.previous(updater))) continue;
      if (!decision.isNew(this.answerOf(event, op, graph.identityReading(other, source)))) continue;
      counts.set(decision.counts);
      graph.include(counts, graph.previous(updater));
      if (source >= 0) graph.include(counts, graph.events[source]!);
      counts[graph.actors[updater]!] = graph.positions[updater]!;
      const mode = graph.modes[other]!;
      graph.sources[other] = source;
      graph.modes[other] = Mode.Updates;
      graph.sources[op] = other;
      if (this.comes(event)) this.plan(decision, [event, updater]);
      graph.sources[op] = source;
      graph.sources[other] = op;
      graph.modes[other] = mode;
    }
  }

  /** Who else could be the next to use the resource that the event uses. */
  private findSuccessors(decision: Decision, event: number, op: number): void {
    const { graph, counts } = this;
    const source = graph.sources[op]!;
    for (const other of this.candidates) {
      if (other === initially) continue;
      const user = graph.events[other]!;
      if (graph.places[other] !== graph.places[op] || graph.actors[user] === graph.actors[event]) continue;
      if (graph.positions[user]! <= decision.counts[graph.actors[user]!]!) continue;
      const before = graph.previous(user);
      if (graph.isBefore(event, before) || (graph.takes[user] === 1 && graph.free[event] === 0)) continue;
      counts.set(decision.counts);
      graph.include(counts, before);
      if (this.isUsedIn(counts, decision.counts, graph.places[op]!)) continue;
      if (!decision.isNew(graph.identityReading(other, source))) continue;
      counts[graph.actors[user]!] = graph.positions[user]!;
      const own = graph.sources[other]!;
      graph.sources[other] = source;
      if (this.witness.find(counts, graph.placeCount)) this.plan(decision, [user]);
      graph.sources[other] = own;
    }
  }

  /** Whether anybody of `counts` beyond the `settled` ones uses the place. */
  private isUsedIn(counts: Int32Array, settled: Int32Array, place: number): boolean {
    const { graph } = this;
    for (let op = 0; op < graph.ops; op++) {
      if (graph.places[op] !== place) continue;
      const event = graph.events[op]!;
      const actor = graph.actors[event]!;
      if (graph.positions[event]! <= counts[actor]! && graph.positions[event]! > settled[actor]!) return true;
    }
    return false;
  }

  /** Plans the order that was found. What is chosen in the `open` events is so too. */
  private plan(decision: Decision, open: readonly number[]): void {
    const { graph, witness, variants } = this;
    let length = witness.length;
    while (length > 0 && graph.actors[witness.order[length - 1]!] === graph.width - 1) length--;
    const plan = new Plan(
      new Int32Array(length),
      new Int32Array(length),
      new Int32Array(length),
      witness.length - length,
      graph.readings(witness.order, witness.length),
    );
    for (let step = 0; step < length; step++) {
      const event = witness.order[step]!;
      plan.actors[step] = graph.actors[event]!;
      if (open.includes(event)) {
        plan.open.push(step);
        continue;
      }
      plan.variants[step] = graph.variants[event]!;
      plan.fixed[step] = variants.length(graph.variants[event]!);
    }
    decision.plans.push(plan);
  }
}
