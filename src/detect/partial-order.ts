/**
 * A hash of the partial order of an execution (its Mazurkiewicz trace): executions that differ only in the order of independent steps
 * have the same one. So counting hashes counts what has really been tried.
 *
 * The partial order is the order of each thread, and for every place the order of its writers and who read from whom. So the hash is a sum,
 * in whatever order, over the places where an operation follows the last writer of another actor; what a call answered, and a chosen number,
 * are parts of it too. Places are words of memory, what Acquire and Release hand on, and objects that kernel calls name first; what
 * hardware does by itself (clock, pager, evictions) is one place. Calls that have none of these in common count as independent.
 */
import { callTable } from '../kernel/calls/index.ts';
import { actorFactor, headerWords, Kind, type Trace } from '../kernel/trace.ts';
import { handle } from '../kernel/wire.ts';
import { Sort, sortOf } from './access.ts';
import type { ActorInfo } from './finding.ts';
import { Meetings } from './meetings.ts';
import { PlaceTable } from './place-table.ts';

const kindMask = actorFactor - 1;
const kindBits = Math.log2(actorFactor);
/** Of an operation's number among those of its actor, above the actor. */
const countShift = 10;
const actorMask = 2 ** countShift - 1;

// Keys of places, of four sorts.
const wordSort = 0;
const handedSort = 1;
const objectSort = 2;
const hardware = 3;

/** In place of an event before: there was nothing. */
const refused = -1;

/** By number: whether the call names an object first. */
const namesObject = callTable.map((call) => call.parameters[0]?.codec === handle);
/** By number: whether it may have to do with everything, for all that is declared. In traces it counts as independent of most. */
const isWide = callTable.map((call) => call.effects === null);

export class PartialOrder {
  /** Place → its last writer: an actor and the number of its operation. */
  private readonly writers = new PlaceTable();
  /** Actor → operations so far; the object of its call under way, 0 for none. */
  private readonly counts: Int32Array;
  private readonly objects: Float64Array;
  /** Frames in a byte. */
  private readonly frames: number;
  /** Whether stores go to memory later than they are made. */
  private readonly buffered: boolean;
  /** In all executions so far. */
  readonly meetings: Meetings;
  /** Key that `sleeper` has taken over as it went on after a sleep, or -1. */
  private waking = -1;
  private sleeper = 0;
  /** Who has made the last call that may have to do with everything, or -1. */
  private wide = -1;
  private low = 0;
  private high = 0;

  /**
   * @param shared frame → 1 where several actors have reached it; other memory is passed by. Null: all memory counts
   * @param pageSize bytes of a frame
   */
  constructor(
    actors: readonly ActorInfo[],
    private readonly shared: Uint8Array | null,
    pageSize: number,
  ) {
    this.frames = 1 / pageSize;
    this.counts = new Int32Array(actors.length);
    this.meetings = new Meetings(actors.length);
    this.objects = new Float64Array(actors.length);
    this.buffered = actors.some(({ sort }) => sort === 'stores');
  }

  /** 53 bits. */
  hash(trace: Trace): number {
    const { words, length } = trace;
    const { counts, objects } = this;
    this.writers.clear();
    for (let actor = 0; actor < counts.length; actor++) {
      counts[actor] = 0;
      objects[actor] = 0;
    }
    this.waking = -1;
    this.wide = -1;
    this.low = 0;
    this.high = 0;
    let before: number = Kind.Idle;
    for (let at = 0; at < length; at += headerWords + (words[at + 7]! | 0)) {
      const tag = words[at]! | 0;
      const kind = tag & kindMask;
      const actor = tag >> kindBits;
      if (this.waking >= 0) this.wake(kind === Kind.Acquire && actor === this.sleeper);
      const sort = sortOf(words, at, kind);
      if (sort !== Sort.None) {
        const stores = sort === Sort.Store || sort === Sort.AtomicStore;
        const event = this.next(actor);
        // A store that waits in a buffer is made where that is emptied.
        if (!(this.buffered && sort === Sort.Store)) this.access(words, at, event, stores);
      } else if (kind === Kind.Acquire) {
        if (before === Kind.Continue) {
          this.waking = words[at + 2]!;
          this.sleeper = actor;
        } else this.reach(words[at + 2]! * 4 + handedSort, this.now(actor), true);
      } else if (kind === Kind.Release) this.reach(words[at + 2]! * 4 + handedSort, this.now(actor), true);
      else if (kind === Kind.Call) {
        this.next(actor);
        objects[actor] = namesObject[words[at + 2]!] ? words[at + headerWords]! : 0;
        if (isWide[words[at + 2]!]) this.meetAll(actor);
      } else if (kind === Kind.Return) this.answer(trace, at, actor);
      else if (kind === Kind.Choose) this.add(this.next(actor), words[at + 5]! | 0);
      else if (kind === Kind.Drain || kind === Kind.Drained) this.access(words, at, this.next(actor), true);
      else if (kind === Kind.Clock || kind === Kind.PageOut || kind === Kind.Purge || kind === Kind.Evict)
        this.reach(hardware, this.next(actor), true);
      // What a step affects is written only where a schedule asks for it, and is no event of its own.
      if (kind !== Kind.Affects) before = kind;
    }
    if (this.waking >= 0) this.wake(false);
    for (let actor = 0; actor < counts.length; actor++)
      if (counts[actor]! > 0) this.add(actor - counts.length, counts[actor]!);
    const low = mix(this.low, this.high);
    return (mix(this.high, low) >>> 0) * 2 ** 21 + (low >>> 11);
  }

  /**
   * What a sleeper took over when it was woken: of no account where it takes over something else at once, a message or a lock, since it would
   * have got that without sleeping too.
   */
  private wake(other: boolean): void {
    if (!other) this.reach(this.waking * 4 + handedSort, this.now(this.sleeper), true);
    this.waking = -1;
  }

  /** The end of a call: its order among the calls about that object, and what it answered. */
  private answer(trace: Trace, at: number, actor: number): void {
    const { bits, words } = trace;
    const event = this.now(actor);
    const object = this.objects[actor]!;
    if (object !== 0) this.reach(object * 4 + objectSort, event, true);
    this.objects[actor] = 0;
    const end = at + headerWords + words[at + 7]!;
    for (let word = at + headerWords; word < end; word++)
      this.add(event ^ (bits[2 * word + 1]! + word - at), bits[2 * word]! | 0);
  }

  /** The operation that `actor` is in. */
  private now(actor: number): number {
    return 1 + ((this.counts[actor]! << countShift) | actor);
  }

  /** The one that it begins. */
  private next(actor: number): number {
    this.counts[actor] = this.counts[actor]! + 1;
    if (this.wide >= 0 && this.wide !== actor) this.meetings.note(this.wide, actor);
    return this.now(actor);
  }

  /** `actor` comes to what everybody has done so far, and whatever is done next comes to what it does. */
  private meetAll(actor: number): void {
    for (let other = 0; other < this.counts.length; other++)
      if (other !== actor && this.counts[other]! > 0) this.meetings.note(other, actor);
    this.wide = actor;
  }

  private access(words: Float64Array, at: number, event: number, stores: boolean): void {
    const physical = words[at + 3]!;
    // It was refused: nothing was reached, which is as good as an answer.
    if (physical < 0) {
      this.add(event, refused);
      return;
    }
    const { shared } = this;
    if (shared !== null && shared[(physical * this.frames) | 0] === 0) return;
    const end = physical + words[at + 4]!;
    for (let word = (physical / 4) | 0; word * 4 < end; word++) this.reach(word * 4 + wordSort, event, stores);
  }

  /** An operation reaches a place: it follows the last writer there. */
  private reach(place: number, event: number, writes: boolean): void {
    const { writers } = this;
    const word = writers.enter(place);
    const last = writers.words[word]!;
    const former = (last - 1) & actorMask;
    const actor = (event - 1) & actorMask;
    if (last !== 0 && former !== actor) {
      this.meetings.note(former, actor);
      this.add(event, last);
    }
    if (writes) writers.words[word] = event;
  }

  private add(one: number, other: number): void {
    const mixed = mix(one, other);
    this.low = (this.low + mixed) | 0;
    this.high = (this.high + Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d)) | 0;
  }
}

function mix(one: number, other: number): number {
  let x = Math.imul(one ^ (one >>> 16), 0x7feb352d) ^ other;
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b) + 0x9e3779b9;
  x = Math.imul(x ^ (x >>> 16), 0x27d4eb2f);
  return x ^ (x >>> 15);
}
