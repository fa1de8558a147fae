/**
 * Partial-order reduction up to who reads from whom (Abdulla, Atig, Jonsson, Lång, Ngo and Sagonas, "Optimal Stateless Model Checking for
 * Reads-From Equivalence under Sequential Consistency", OOPSLA 2019): of all executions in which every read has the same write to read from,
 * exactly one is executed, and none is begun in vain. In which order writes came that nobody told apart makes no difference. What `check` and
 * `outcome` look at when all is over is read too.
 *
 * Guarantee: when it is exhausted, every such class was executed, so that whatever can fail has failed. Resources of the kernel (locks, objects)
 * are kept in the order in which they are used.
 *
 * A thread whose next step is to take a lock that is held stands aside, as with `OptimalReduction`. Where threads wait for each other
 * otherwise, or a step may change everything, or uses several things of which it changes one by what it finds in another, reads do not tell
 * what can happen: from the first execution on that shows such a thing `OptimalReduction` goes on in its place, from its beginning.
 */
import type { Intents } from '../../../machine/intents.ts';
import type { Strategy, Watched } from '../../../machine/schedule.ts';
import { OptimalReduction } from '../dpor.ts';
import { noChoices, Variants } from '../variants.ts';
import { Alternatives } from './alternatives.ts';
import { Decision, nothingPlanned, Plan } from './decision.ts';
import { GraphBuilder } from './graph-builder.ts';

export class ReadsFromReduction implements Strategy {
  readonly name = 'dpor';
  readonly lessons = null;
  readonly countsSteps = true;
  readonly readsEffects = true;
  readonly readsLooks = true;

  private readonly variants = new Variants();
  private readonly builder = new GraphBuilder();
  private readonly graph = this.builder.graph;
  private readonly alternatives = new Alternatives(this.graph, this.variants);
  /** The decisions that the execution in hand answers, in their order; those from `depth` on are spare. */
  private readonly decisions: Decision[] = [];
  private depth = 0;
  /** How the execution in hand begins. */
  private plan = nothingPlanned;
  private counts = new Int32Array(1);
  private fresh = true;
  /** It goes on in our place. */
  private traces: OptimalReduction | null = null;

  // The step under way.
  private step = -1;
  private actor = -1;
  private script = noChoices;
  private variant = noChoices;
  private choices = 0;

  /** As the user may ask for what decides. */
  get part(): string {
    return this.traces === null ? 'dpor:reads-from' : 'dpor';
  }

  get repeated(): boolean {
    return this.traces?.repeated ?? false;
  }

  watch(intents: Intents, execution: Watched): void {
    if (this.traces === null) this.builder.watch(intents, execution);
    else this.traces.watch(intents, execution);
  }

  begin(): boolean {
    if (this.traces !== null) return this.traces.begin();
    this.step = -1;
    this.actor = -1;
    if (!this.fresh) return this.backtrack();
    this.fresh = false;
    this.depth = 0;
    this.plan = nothingPlanned;
    return true;
  }

  pick(runnable: Int32Array, count: number, current: number): number {
    if (this.traces !== null) return this.traces.pick(runnable, count, current);
    const last = this.actor;
    if (this.step >= 0) this.builder.complete(this.step, last, this.variant, true);
    const step = ++this.step;
    this.builder.look(step, runnable, count, last);
    this.variant = noChoices;
    this.choices = 0;
    this.script = step < this.plan.length ? this.plan.variants[step]! : noChoices;
    this.actor = this.next(step, runnable, count, current);
    return this.actor;
  }

  choose(n: number): number {
    if (this.traces !== null) return this.traces.choose(n);
    const { variants } = this;
    const place = this.choices++;
    const value = place < variants.length(this.script) ? variants.value(this.script, place) : 0;
    this.variant = variants.and(this.variant, value, n);
    return value;
  }

  end(): void {
    if (this.traces !== null) {
      this.traces.end();
      return;
    }
    if (this.step >= 0) this.builder.complete(this.step, this.actor, this.variant, false);
    const isNews = this.builder.build(this.step, this.actor);
    const { length, variants, looks } = this.plan;
    // One that nobody has planned can begin the search as well as the next one.
    if (isNews && length > 0) this.fresh = true;
    else if (this.builder.isBeyond || !this.isAsPlanned()) this.traces = new OptimalReduction();
    else {
      for (let i = 0; i < length; i++) variants[i] = this.graph.variants[i]!;
      this.alternatives.learn(this.plan);
      for (let i = 0; i < this.depth; i++) this.alternatives.find(this.decisions[i]!, false);
      this.decide(length, looks);
      if (this.alternatives.gaveUp) this.traces = new OptimalReduction();
    }
  }

  /** What is a scheduling point has changed: everything starts over, and steps that did several things may fall apart. */
  restart(): void {
    this.fresh = true;
    this.traces = null;
  }

  /** Goes back to the last decision that has another answer. False when there is none. */
  private backtrack(): boolean {
    while (this.depth > 0) {
      const plan = this.decisions[this.depth - 1]!.next(this.variants);
      if (plan !== null) {
        this.plan = plan;
        return true;
      }
      this.depth--;
    }
    return false;
  }

  /** Who takes step `step`. */
  private next(step: number, runnable: Int32Array, count: number, current: number): number {
    if (step >= this.plan.length) return this.builder.whoGoesOn(runnable, count, current);
    const planned = this.plan.actors[step]!;
    for (let i = 0; i < count; i++) if (runnable[i] === planned) return planned;
    this.builder.isBeyond = true;
    return runnable[0]!;
  }

  /** Whether everybody in the plan has read from whom it says. */
  private isAsPlanned(): boolean {
    const { length, looks, readings } = this.plan;
    if (length === 0) return true;
    return this.graph.came >= length + looks && this.graph.readings(null, length + looks) === readings;
  }

  /** Opens a decision for each event from the `from`th on that has one: what comes before it is settled then. */
  private decide(from: number, looks: number): void {
    const { graph } = this;
    if (this.counts.length !== graph.width) this.counts = new Int32Array(graph.width);
    this.counts.fill(0);
    for (let event = 0; event < graph.came; event++) {
      const actor = graph.actors[event]!;
      if (event >= from + looks && this.isOpen(event)) this.open(event);
      this.counts[actor] = graph.positions[event]!;
    }
  }

  private isOpen(event: number): boolean {
    return this.graph.variants[event] !== noChoices || this.graph.readsAny(event);
  }

  private open(event: number): void {
    const { graph, alternatives } = this;
    if (this.depth === this.decisions.length) this.decisions.push(new Decision());
    const decision = this.decisions[this.depth++]!;
    decision.open(graph.actors[event]!, graph.positions[event]!, this.counts, graph.bases.of(event));
    if (graph.variants[event] !== noChoices) decision.present = this.upTo(event);
    alternatives.meet(decision, event);
    alternatives.find(decision, true);
  }

  /** The execution in hand up to `event`, in which what is chosen is open. */
  private upTo(event: number): Plan {
    const { graph, variants } = this;
    const length = event + 1;
    const plan = new Plan(
      graph.actors.slice(0, length),
      graph.variants.slice(0, length),
      Int32Array.from({ length }, (_, step) => (step === event ? 0 : variants.length(graph.variants[step]!))),
      0,
      graph.readings(null, length),
    );
    plan.open.push(event);
    return plan;
  }
}
