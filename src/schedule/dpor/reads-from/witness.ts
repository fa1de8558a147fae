/**
 * Whether events can come in some order in which each reads from the one that it is said to read from, under sequential consistency; and one
 * such order (Gibbons and Korach's VSC-read problem, SIAM Journal on Computing 1997: hard in general, but states are as few as there are
 * combinations of how far each thread is).
 *
 * The search is exact. Where somebody is still to read from an operation, nobody may write over it; so how far each thread is says
 * what each place holds, as far as it matters, and a state from which there was no way on need not be looked at again. What writes nothing is
 * done as soon as it can be: that spoils nothing. Those that write are tried in the order in which they came, so that most searches never
 * turn back.
 */
import { PlaceTable } from '../../../detect/place-table.ts';
import { larger, Mode } from './accesses.ts';
import { type Graph, undecided } from './graph.ts';

/** A search that takes more steps is given up. */
const mostSteps = 1_000_000;

export class Witness {
  /** The order that was found: events. */
  order = new Int32Array(64);
  length = 0;
  /** Whether a search was given up, so that its answer means nothing. */
  gaveUp = false;

  private reached = new Int32Array(1);
  private counts: Int32Array = new Int32Array(1);
  /** Operation, and then place for what was there from the start → how many are still to read from it. */
  private pending = new Int32Array(64);
  /** Place → the operation that it holds, as in `pending`. */
  private held = new Int32Array(64);
  /** What the places of the order's operations held before they wrote, in that order. */
  private readonly overwritten: number[] = [];
  /** Choices among events that write: how long the order was, and the event that was taken. */
  private readonly choices: number[] = [];
  private readonly hopeless = new PlaceTable();
  private readonly vectors = new PlaceTable();
  private steps = 0;

  constructor(private readonly graph: Graph) {}

  /** Looks for an order of the first `counts[actor]` events of each actor. */
  find(counts: Int32Array, places: number): boolean {
    this.prepare(counts, places);
    const { graph, order, choices } = this;
    let total = 0;
    for (let actor = 0; actor < graph.width; actor++) total += counts[actor]!;
    let after = -1;
    for (;;) {
      this.readOn();
      if (this.length === total) return true;
      const next = after < 0 && this.isHopeless() ? -1 : this.nextWriter(after);
      if (next >= 0) {
        choices.push(this.length, next);
        this.take(next);
        after = -1;
      } else {
        if (choices.length === 0) return false;
        // All that can come here was tried: unless the state is one that was met before, it is remembered.
        this.remember();
        after = choices.pop()!;
        const length = choices.pop()!;
        while (this.length > length) this.undo(order[this.length - 1]!);
      }
      if (this.steps > mostSteps) {
        this.gaveUp = true;
        return false;
      }
    }
  }

  private prepare(counts: Int32Array, places: number): void {
    const { graph } = this;
    const { ops, width } = graph;
    this.counts = counts;
    if (this.reached.length < width) this.reached = new Int32Array(width);
    this.reached.fill(0);
    if (this.pending.length < ops + places) this.pending = new Int32Array((ops + places) * 2);
    this.pending.fill(0, 0, ops + places);
    if (this.held.length < places) this.held = new Int32Array(places * 2);
    for (let place = 0; place < places; place++) this.held[place] = ops + place;
    let total = 0;
    for (let actor = 0; actor < width; actor++) {
      total += counts[actor]!;
      for (let position = 1; position <= counts[actor]!; position++) this.expect(graph.at(actor, position));
    }
    if (this.order.length < total) this.order = larger(this.order, new Int32Array(total * 2));
    this.length = 0;
    this.steps = 0;
    this.overwritten.length = 0;
    this.choices.length = 0;
    this.hopeless.clear();
    this.vectors.clear();
  }

  private expect(event: number): void {
    const { graph, pending } = this;
    for (let op = graph.firstOps[event]!; op < graph.firstOps[event + 1]!; op++)
      if (this.reads(op)) pending[this.sourceOf(op)] = pending[this.sourceOf(op)]! + 1;
  }

  private reads(op: number): boolean {
    return (this.graph.modes[op]! & Mode.Reads) !== 0 && this.graph.sources[op] !== undecided;
  }

  private sourceOf(op: number): number {
    const source = this.graph.sources[op]!;
    return source >= 0 ? source : this.graph.ops + this.graph.places[op]!;
  }

  /** Takes all that can come and writes nothing. */
  private readOn(): void {
    const { graph, counts, reached } = this;
    for (let again = true; again; ) {
      again = false;
      for (let actor = 0; actor < graph.width; actor++) {
        while (reached[actor]! < counts[actor]!) {
          const event = graph.at(actor, reached[actor]! + 1);
          if (this.writes(event) || !this.canCome(event)) break;
          this.take(event);
          again = true;
        }
      }
    }
  }

  /** The first event after `after` that writes and can come, in the order in which they came; -1 when there is none. */
  private nextWriter(after: number): number {
    const { graph, counts, reached } = this;
    let best = -1;
    for (let actor = 0; actor < graph.width; actor++) {
      if (reached[actor]! >= counts[actor]!) continue;
      const event = graph.at(actor, reached[actor]! + 1);
      if (event > after && (best < 0 || event < best) && this.writes(event) && this.canCome(event)) best = event;
    }
    return best;
  }

  private writes(event: number): boolean {
    const { graph } = this;
    for (let op = graph.firstOps[event]!; op < graph.firstOps[event + 1]!; op++)
      if ((graph.modes[op]! & Mode.Writes) !== 0) return true;
    return false;
  }

  private canCome(event: number): boolean {
    const { graph, held, pending } = this;
    if (graph.actors[event] === graph.width - 1 && !this.isOver()) return false;
    for (let op = graph.firstOps[event]!; op < graph.firstOps[event + 1]!; op++) {
      const holds = held[graph.places[op]!]!;
      const reads = this.reads(op);
      if (reads && holds !== this.sourceOf(op)) return false;
      if ((graph.modes[op]! & Mode.Writes) !== 0 && pending[holds]! > (reads ? 1 : 0)) return false;
    }
    return true;
  }

  /** Whether all steps have been taken, so that what is there can be looked at. */
  private isOver(): boolean {
    for (let actor = 0; actor < this.graph.width - 1; actor++)
      if (this.reached[actor]! < this.counts[actor]!) return false;
    return true;
  }

  private take(event: number): void {
    const { graph, held, pending, reached } = this;
    this.steps++;
    this.order[this.length++] = event;
    reached[graph.actors[event]!] = graph.positions[event]!;
    for (let op = graph.firstOps[event]!; op < graph.firstOps[event + 1]!; op++) {
      if (this.reads(op)) pending[this.sourceOf(op)] = pending[this.sourceOf(op)]! - 1;
      if ((graph.modes[op]! & Mode.Writes) === 0) continue;
      const place = graph.places[op]!;
      this.overwritten.push(held[place]!);
      held[place] = op;
    }
  }

  private undo(event: number): void {
    const { graph, held, pending, reached } = this;
    this.length--;
    reached[graph.actors[event]!] = graph.positions[event]! - 1;
    for (let op = graph.firstOps[event + 1]! - 1; op >= graph.firstOps[event]!; op--) {
      if ((graph.modes[op]! & Mode.Writes) !== 0) held[graph.places[op]!] = this.overwritten.pop()!;
      if (this.reads(op)) pending[this.sourceOf(op)] = pending[this.sourceOf(op)]! + 1;
    }
  }

  private isHopeless(): boolean {
    return this.hopeless.count > 0 && this.hopeless.find(this.state()) >= 0;
  }

  private remember(): void {
    this.hopeless.enter(this.state());
  }

  /** How far each actor is, as a number: a vector is the one before it and a count more. */
  private state(): number {
    const { vectors, reached } = this;
    let state = 0;
    for (let actor = 0; actor < this.graph.width; actor++) {
      const at = vectors.enter(state * 2 ** 24 + reached[actor]!);
      if (vectors.words[at] === 0) vectors.words[at] = vectors.count;
      state = vectors.words[at]!;
    }
    return state;
  }
}
