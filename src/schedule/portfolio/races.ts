/**
 * Pairs of steps of two actors about one object that came in this order and could have come in the other: nothing but their own order has made
 * one wait for the other (a race, as in dynamic partial-order reduction). Where both take a lock, what follows under it comes with them; a step that
 * gives a lock back is in no race with one that takes it.
 *
 * What comes before what follows from what is known of steps (machine/intents.ts): those about one object come after one another, and who
 * could not go on comes after the step that changed this. Where that is less than the whole, a pair is made up, and no more.
 */
import { PlaceTable } from '../../detect/place-table.ts';
import { VectorClocks } from '../../detect/vector-clocks.ts';
import { type Intents, objectOf } from '../../machine/intents.ts';
import { Follower, nobody } from '../follower.ts';
import { Places } from '../places.ts';
import { actorLimit } from '../seeded-strategy.ts';

/** Places of the earlier and the later step, and their actors. */
type Found = (earlier: number, later: number, one: number, other: number) => void;

/**
 * What is remembered of an object, each as a step and the epoch of its actor: the last step that changes it, or the last call about it that takes no lock;
 * the last one that reads it or takes it; and before that one the last of another actor.
 */
const Field = { Changing: 0, Reading: 2, ReadingBefore: 4, Size: 6 } as const;
/** A step in a word: its place times this, and its actor. */
const actors = 1024;
const signless = 2 ** 31;
// What is handed on, by key: the last step to whoever can go on because of it; and of each object, by those who read it and by those who change it.
const waking = 0;
const changed = 1;
const read = 2;

export class Races extends Follower {
  /** Actor → its first step as `stepOf` tells it, known from an earlier execution; 0 where none has shown it. */
  readonly firsts = new Int32Array(actorLimit);
  private readonly places = new Places();
  private clocks = new VectorClocks(1);
  /** Object → where its fields begin. */
  private readonly objects = new PlaceTable();
  private words = new Int32Array(64 * Field.Size);
  /** Actor → the last step before which it could go on, counted from 1. */
  private readonly seen = new Int32Array(actorLimit);
  private count = 0;
  private last = nobody;

  /** @param found gets each pair as often as it comes */
  constructor(private readonly found: Found) {
    super();
  }

  override watch(intents: Intents): void {
    super.watch(intents);
    if (this.clocks.actors !== intents.next.length) this.clocks = new VectorClocks(intents.next.length);
  }

  override begin(number: number): void {
    super.begin(number);
    this.places.begin();
    this.clocks.begin();
    this.objects.clear();
    this.seen.fill(0);
    this.count = 0;
  }

  /** The place that `actor` stands before; 0 when its step is about nothing that is known. */
  placeBefore(actor: number): number {
    const { next, locks } = this.intents!;
    const code = next[actor]!;
    const step = code === 0 ? this.firsts[actor]! : stepOf(code, locks[actor]!);
    return step === 0 ? 0 : this.places.before(actor, step);
  }

  /** These can go on: who could not before comes after the last step. To be called before each step, once the one before is settled. */
  look(runnable: Int32Array, count: number): void {
    const { seen, clocks } = this;
    const step = ++this.count;
    let handed = false;
    for (let i = 0; i < count; i++) {
      const actor = runnable[i]!;
      if (step > 1 && seen[actor] !== step - 1) {
        if (!handed) clocks.replace(this.last, waking);
        handed = true;
        clocks.acquire(actor, waking);
      }
      seen[actor] = step;
    }
  }

  override step(actor: number): void {
    this.last = actor;
    super.step(actor);
  }

  protected take(actor: number, code: number, lock: number): void {
    const object = objectOf(code);
    if (object === 0) return;
    const place = this.places.take(actor, stepOf(code, lock));
    const row = this.rowOf(object);
    const isCall = object < 0;
    const takes = lock !== 0;
    const changes = (code & 1) === 1;
    if (!takes) this.meet(row + Field.Changing, actor, place);
    if (takes || (changes && !isCall)) {
      this.meet(row + Field.Reading, actor, place);
      this.meet(row + Field.ReadingBefore, actor, place);
    }
    const epoch = this.clocks.known[actor * this.clocks.actors + actor]!;
    this.order(actor, (object + signless) * 2, changes);
    const { words } = this;
    if (takes || !changes) {
      if (words[row + Field.Reading] !== 0 && actorOf(words[row + Field.Reading]!) !== actor)
        words.copyWithin(row + Field.ReadingBefore, row + Field.Reading, row + Field.ReadingBefore);
      words[row + Field.Reading] = place * actors + actor;
      words[row + Field.Reading + 1] = epoch;
      return;
    }
    words[row + Field.Changing] = place * actors + actor;
    words[row + Field.Changing + 1] = epoch;
    if (!isCall) words.fill(0, row + Field.Reading, row + Field.Size);
  }

  /** It comes after what changed the object, and where it changes that itself, after those who read it. */
  private order(actor: number, key: number, changes: boolean): void {
    const { clocks } = this;
    clocks.acquire(actor, key + changed);
    if (!changes) {
      clocks.release(actor, key + read);
      return;
    }
    clocks.acquire(actor, key + read);
    clocks.replace(actor, key + changed);
  }

  /** The step that is remembered there is in a race with this one, unless the actor knows of it. */
  private meet(at: number, actor: number, place: number): void {
    const step = this.words[at]!;
    const who = actorOf(step);
    if (step === 0 || who === actor) return;
    if (this.clocks.known[actor * this.clocks.actors + who]! < this.words[at + 1]!)
      this.found(Math.floor((step >>> 0) / actors), place, who, actor);
  }

  private rowOf(object: number): number {
    const { objects } = this;
    const word = objects.enter(object + signless);
    const known = objects.words[word]!;
    if (known !== 0) return known - 1;
    const row = (objects.count - 1) * Field.Size;
    objects.words[word] = row + 1;
    if (row === this.words.length) {
      const words = new Int32Array(this.words.length * 2);
      words.set(this.words);
      this.words = words;
    } else this.words.fill(0, row, row + Field.Size);
    return row;
  }
}

const actorOf = (step: number): number => (step >>> 0) % actors;

/** A step in a number: taking a lock is another one than giving it back, though it is about the same object. 0 for nothing that is shared. */
export const stepOf = (code: number, lock: number): number => (objectOf(code) === 0 ? 0 : lock === 0 ? code : ~code);
