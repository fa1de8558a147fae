/**
 * Selectively uniform random walk (Zhao et al., ASPLOS 2025): each execution watches one object, chosen with a probability in proportion
 * to the steps that are about it, and makes the order of these steps uniform: whose turn it is next is drawn in proportion to how many
 * such steps each actor has left, and all others are held before theirs. Everything else is a random walk.
 *
 * Guarantee: were the numbers of steps known exactly, every order of the steps about the watched object would be equally likely, however
 * many other steps there are. Choose it first: few objects decide over most bugs.
 *
 * The turn may be that of an actor that sleeps or has still to be let in; who lets it in is then free to go on while the rest is held,
 * as created threads inherit the intention of their creators. When everybody who can go on is held, the turn is drawn anew among them.
 * Numbers of steps are the largest that were ever seen, in the prologue and in one execution of sixteen after it: one that ends early
 * shortens nothing.
 */
import { gone, type Intents, objectOf } from '../machine/intents.ts';
import { Maxima } from './maxima.ts';
import { actorLimit, SeededStrategy } from './seeded-strategy.ts';

/** Executions that are always measured, and then one in so many. */
const prologue = 16;

/** An actor and an object in one key. Below `actorLimit`: what the first step of that actor is about, as a code without its sign. */
const keyOf = (actor: number, object: number): number => (object + 2 ** 31 + 1) * 1024 + actor;
const signless = 2 ** 31;

export class SelectiveRandomWalk extends SeededStrategy {
  readonly name = 'surw';
  readonly countsSteps = true;
  override readonly lessons = new Maxima();
  /** Objects that several actors have reached, and the sums of steps about them up to each. */
  private objects: number[] = [];
  private sums: number[] = [];
  private version = 0;
  /** 1 + the highest actor that was ever seen. */
  private actors = 0;
  /** Actor → what its first step is about. */
  private readonly firsts = new Int32Array(actorLimit);
  private intents: Intents | null = null;
  private next: Int32Array = new Int32Array(0);
  /** The watched object, 0 for none; and actor → steps about it that are left. */
  private watched = 0;
  private readonly left = new Int32Array(actorLimit);
  /** Whose turn it is at the watched object, or -1. */
  private turn = -1;
  private readonly free = new Int32Array(actorLimit);
  /** Key → steps of this execution. */
  private readonly taken = new Map<number, number>();
  private measuring = true;

  watch(intents: Intents): void {
    this.intents = intents;
    this.next = intents.next;
  }

  override begin(number: number): boolean {
    super.begin(number);
    if (this.lessons.version !== this.version) this.learn();
    this.measuring = number <= prologue || number % prologue === 0;
    this.turn = -1;
    this.watched = 0;
    const total = this.sums[this.sums.length - 1] ?? 0;
    if (total === 0) return true;
    const ticket = this.generator.below(total);
    this.watched = this.objects[this.sums.findIndex((sum) => sum > ticket)]!;
    for (let actor = 0; actor < this.actors; actor++) this.left[actor] = this.lessons.of(keyOf(actor, this.watched));
    return true;
  }

  pick(runnable: Int32Array, count: number): number {
    const actor = this.watched === 0 ? runnable[this.generator.below(count)]! : this.pickWatching(runnable, count);
    this.follow(runnable, count, actor);
    const object = this.objectBefore(actor);
    if (object !== 0 && object === this.watched) {
      this.left[actor] = this.left[actor]! - 1;
      this.turn = -1;
    }
    return actor;
  }

  override follow(_runnable: Int32Array, _count: number, actor: number): void {
    const object = this.objectBefore(actor);
    if (!this.measuring || object === 0) return;
    const key = keyOf(actor, object);
    this.taken.set(key, (this.taken.get(key) ?? 0) + 1);
  }

  override end(): void {
    if (!this.measuring) return;
    for (const [key, steps] of this.taken) this.lessons.note(key, steps);
    this.taken.clear();
    this.intents?.first.forEach((code, actor) => {
      if (code !== 0) this.lessons.note(actor, code + signless);
    });
  }

  private pickWatching(runnable: Int32Array, count: number): number {
    if (this.turn < 0 || this.next[this.turn] === gone) this.turn = this.draw();
    const { free } = this;
    let frees = 0;
    for (let i = 0; i < count; i++) {
      const actor = runnable[i]!;
      if (this.turn < 0 || actor === this.turn || this.objectBefore(actor) !== this.watched) free[frees++] = actor;
    }
    if (frees > 0) return free[this.generator.below(frees)]!;
    return this.drawAmong(runnable, count);
  }

  /** Whose turn it is: anybody who has not ended, in proportion to what is left. -1 when nobody has anything left. */
  private draw(): number {
    const { left, next } = this;
    let total = 0;
    for (let actor = 0; actor < next.length; actor++)
      if (next[actor] !== gone && left[actor]! > 0) total += left[actor]!;
    if (total === 0) return -1;
    let ticket = this.generator.below(total);
    for (let actor = 0; ; actor++) {
      if (next[actor] === gone || left[actor]! <= 0) continue;
      if ((ticket -= left[actor]!) < 0) return actor;
    }
  }

  /** The same among those that stand before the object: each has a step left at least. */
  private drawAmong(runnable: Int32Array, count: number): number {
    let total = 0;
    for (let i = 0; i < count; i++) total += Math.max(1, this.left[runnable[i]!]!);
    let ticket = this.generator.below(total);
    let i = 0;
    while ((ticket -= Math.max(1, this.left[runnable[i]!]!)) >= 0) i++;
    return runnable[i]!;
  }

  private objectBefore(actor: number): number {
    const code = this.next[actor]!;
    return objectOf(code === 0 ? this.firsts[actor]! : code);
  }

  /** What may be watched: objects that several actors have reached. */
  private learn(): void {
    const { lessons } = this;
    this.version = lessons.version;
    const steps = new Map<number, number>();
    const actors = new Map<number, number>();
    this.firsts.fill(0);
    this.left.fill(0);
    this.actors = 0;
    for (const key of lessons.keys()) {
      if (key < actorLimit) {
        this.firsts[key] = lessons.of(key) - signless;
        this.actors = key + 1;
        continue;
      }
      const object = Math.floor(key / 1024) - 2 ** 31 - 1;
      steps.set(object, (steps.get(object) ?? 0) + lessons.of(key));
      actors.set(object, (actors.get(object) ?? 0) + 1);
    }
    this.objects = [...steps.keys()].filter((object) => actors.get(object)! > 1).sort((a, b) => a - b);
    let sum = 0;
    this.sums = this.objects.map((object) => (sum += steps.get(object)!));
  }
}
