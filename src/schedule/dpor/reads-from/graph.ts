/**
 * An execution as its reads-from class sees it: events, each a step of a thread, with the operations that they do on what is shared, and
 * for each operation that reads the one that it reads from. What an event is follows from its thread's past and from what it
 * and they read: so two executions have the same event where its digest is the same.
 *
 * After the steps come, as events of an actor of their own, what `check` and `outcome` read, each a piece of memory; and the steps that threads
 * stood before for ever, since nobody gave back the lock.
 */
import { larger, Mode, unconditional } from './accesses.ts';
import { Digest } from './digest.ts';

/** In place of an operation that is read from: what was there from the start; and none, since that is still to be decided. */
export const initially = -1;
export const undecided = -2;

export class Graph {
  /** Events: the steps, then what was looked at when all was over, then steps that never came. */
  count = 0;
  /** So many of them came. */
  came = 0;
  actors = new Int32Array(64);
  /** Their number among their actor's, from 1. */
  positions = new Int32Array(64);
  variants = new Int32Array(64);
  /** Whether it takes a lock; and whether the lock that it is about was free before it. */
  takes = new Uint8Array(64);
  free = new Uint8Array(64);
  /** Event → its first operation; one more than there are. */
  firstOps = new Int32Array(65);
  /** Who it is, and who it is but for what was chosen in it. */
  readonly digests = new Digest();
  readonly bases = new Digest();
  private readonly digest = new Digest();

  ops = 0;
  places = new Int32Array(64);
  isShared = new Int32Array(64);
  modes = new Int32Array(64);
  sources = new Int32Array(64);
  events = new Int32Array(64);
  /** As in Accesses; what was expected is NaN where that was not all. */
  found = new Float64Array(64);
  left = new Float64Array(64);
  expected = new Float64Array(64);

  /** Actors, with the one that looks when all is over, which is the last. */
  width = 1;
  /** Event → for each actor, how many of its events came before because somebody read from somebody, or are this one. */
  private clocks = new Int32Array(64);
  private byPosition: number[][] = [];
  placeCount = 0;
  private firstKernel = 0;
  /** Place → the operation that has written it last. */
  private writers = new Int32Array(64);

  /** Begins anew, with so many actors and places: those from `kernel` on are resources of the kernel. */
  clear(actors: number, places: number, kernel: number): void {
    this.placeCount = places;
    this.firstKernel = kernel;
    this.count = 0;
    this.came = 0;
    this.ops = 0;
    this.firstOps[0] = 0;
    this.width = actors + 1;
    while (this.byPosition.length < this.width) this.byPosition.push([]);
    for (const list of this.byPosition) list.length = 0;
    if (places > this.writers.length) this.writers = new Int32Array(places * 2);
    this.writers.fill(initially, 0, places);
  }

  /** Another event begins: its operations follow. */
  begin(actor: number, variant: number, takes: boolean, free: boolean): void {
    if (this.count === this.actors.length) this.growEvents();
    const event = this.count++;
    if (this.count * this.width > this.clocks.length)
      this.clocks = larger(this.clocks, new Int32Array(this.count * this.width * 2));
    this.actors[event] = actor;
    this.positions[event] = this.byPosition[actor]!.push(event);
    this.variants[event] = variant;
    this.takes[event] = takes ? 1 : 0;
    this.free[event] = free ? 1 : 0;
  }

  /** What the event does on a place, which others use too or not: what it did there before counts too. */
  operate(place: number, isShared: boolean, mode: number, found: number, left: number, expected: number): void {
    const event = this.count - 1;
    for (let op = this.firstOps[event]!; op < this.ops; op++) {
      if (this.places[op] !== place) continue;
      if (this.modes[op] === Mode.Reads) this.modes[op] = this.modes[op]! | mode;
      this.left[op] = left;
      if (this.expected[op] !== unconditional || expected !== unconditional) this.expected[op] = Number.NaN;
      return;
    }
    if (this.ops === this.places.length) this.growOps();
    const op = this.ops++;
    this.places[op] = place;
    this.isShared[op] = isShared ? 1 : 0;
    this.modes[op] = mode;
    this.events[op] = event;
    this.found[op] = found;
    this.left[op] = left;
    this.expected[op] = expected;
  }

  /** The event is over. `comes`: it took its turn. */
  end(comes: boolean): void {
    const event = this.count - 1;
    this.firstOps[this.count] = this.ops;
    const { width, clocks } = this;
    const row = event * width;
    const actor = this.actors[event]!;
    const before = this.previous(event);
    if (before < 0) clocks.fill(0, row, row + width);
    else clocks.copyWithin(row, before * width, before * width + width);
    // Whoever looks when all is over comes after everything.
    if (actor === width - 1) for (let other = 0; other < width; other++) clocks[row + other] = this.length(other);
    for (let op = this.firstOps[event]!; op < this.ops; op++) {
      this.sources[op] = this.writers[this.places[op]!]!;
      if ((this.modes[op]! & Mode.Reads) !== 0 && this.sources[op]! >= 0)
        this.join(clocks, row, this.events[this.sources[op]!]!);
    }
    clocks[row + actor] = this.positions[event]!;
    this.identify(event);
    if (!comes) return;
    this.came = this.count;
    for (let op = this.firstOps[event]!; op < this.ops; op++)
      if ((this.modes[op]! & Mode.Writes) !== 0) this.writers[this.places[op]!] = op;
  }

  /** How many events the actor has, with one that never came. */
  length(actor: number): number {
    return this.byPosition[actor]!.length;
  }

  /** Event number `position` of the actor, or -1. */
  at(actor: number, position: number): number {
    return this.byPosition[actor]![position - 1] ?? -1;
  }

  /** The actor's event before, or -1. */
  previous(event: number): number {
    return this.at(this.actors[event]!, this.positions[event]! - 1);
  }

  /** Whether `earlier` is in the past of `event` (-1: an event that has none), or is it. */
  isBefore(earlier: number, event: number): boolean {
    if (event < 0) return false;
    return this.clocks[event * this.width + this.actors[earlier]!]! >= this.positions[earlier]!;
  }

  /** Adds the event (-1: none) with its past to the events that `counts` has of each actor. */
  include(counts: Int32Array, event: number): void {
    if (event >= 0) this.join(counts, 0, event);
  }

  /** The digest of an operation, whatever was chosen in its event: of that, and where in it it is. What was there from the start has 0. */
  identityOf(op: number, digests = this.bases): number {
    return op < 0 ? 0 : digests.of(this.events[op]!) + (op - this.firstOps[this.events[op]!]!);
  }

  readsAny(event: number): boolean {
    for (let op = this.firstOps[event]!; op < this.firstOps[event + 1]!; op++)
      if ((this.modes[op]! & Mode.Reads) !== 0) return true;
    return false;
  }

  /** The operation by which the event updates what others use too, or may, and which is all that it does there; -1 where it does otherwise. */
  updateOf(event: number): number {
    for (let op = this.firstOps[event]!; op < this.firstOps[event + 1]!; op++)
      if (this.isShared[op] === 1 && (this.modes[op] === Mode.Updates || this.expected[op] !== unconditional))
        return op;
    return -1;
  }

  /** Whether of what others use too the event only reads, only writes memory, or updates one thing: what it writes depends on nothing else then. */
  isSimple(event: number): boolean {
    let modes = 0;
    let uses = 0;
    for (let op = this.firstOps[event]!; op < this.firstOps[event + 1]!; op++) {
      if (this.isShared[op] === 0) continue;
      modes |= this.expected[op] === unconditional ? this.modes[op]! : Mode.Updates;
      uses += Number.isNaN(this.expected[op]!) ? 2 : 1;
    }
    return uses < 2 || modes !== Mode.Updates;
  }

  /** What the operation finds if it reads from `source`; NaN where nobody knows. */
  valueOf(op: number, source: number): number {
    if (source >= 0) return this.left[source]!;
    for (let other = 0; other < this.ops; other++)
      if (
        this.places[other] === this.places[op] &&
        this.sources[other] === initially &&
        (this.modes[other]! & Mode.Reads) !== 0
      )
        return this.found[other]!;
    return Number.NaN;
  }

  isKernel(place: number): boolean {
    return place >= this.firstKernel;
  }

  /** Digest of who reads from whom among the first `length` events of `order`, or as they came; what is chosen in them does not matter. */
  readings(order: Int32Array | null, length: number): number {
    const { digest } = this;
    digest.begin(0, length);
    for (let i = 0; i < length; i++) {
      const event = order === null ? i : order[i]!;
      digest.add(0, this.actors[event]!);
      for (let op = this.firstOps[event]!; op < this.firstOps[event + 1]!; op++) {
        if ((this.modes[op]! & Mode.Reads) === 0) continue;
        const source = this.sources[op]!;
        const writer = source < 0 ? -1 : this.events[source]!;
        digest.add(0, writer < 0 ? 0 : this.positions[writer]! * 2 ** 16 + this.actors[writer]!);
      }
    }
    return digest.of(0);
  }

  /** The identity that `op` had if it read from `source`. */
  identityReading(op: number, source: number): number {
    const own = this.sources[op]!;
    this.sources[op] = source;
    this.identifyBase(this.digest, 0, this.events[op]!);
    this.sources[op] = own;
    return this.digest.of(0) + (op - this.firstOps[this.events[op]!]!);
  }

  private identify(event: number): void {
    const { bases, digests } = this;
    this.identifyBase(bases, event, event);
    digests.copy(event, bases, event);
    digests.add(event, this.variants[event]!);
  }

  private identifyBase(to: Digest, at: number, event: number): void {
    const before = this.previous(event);
    if (before < 0) to.begin(at, this.actors[event]!);
    else to.copy(at, this.digests, before);
    for (let op = this.firstOps[event]!; op < this.firstOps[event + 1]!; op++)
      if ((this.modes[op]! & Mode.Reads) !== 0) to.add(at, this.identityOf(this.sources[op]!, this.digests));
  }

  private join(to: Int32Array, row: number, event: number): void {
    const { width, clocks } = this;
    const from = event * width;
    for (let actor = 0; actor < width; actor++)
      if (clocks[from + actor]! > to[row + actor]!) to[row + actor] = clocks[from + actor]!;
  }

  private growEvents(): void {
    const size = this.actors.length * 2;
    this.actors = larger(this.actors, new Int32Array(size));
    this.positions = larger(this.positions, new Int32Array(size));
    this.variants = larger(this.variants, new Int32Array(size));
    this.firstOps = larger(this.firstOps, new Int32Array(size + 1));
    for (const name of ['takes', 'free'] as const) {
      const flags = new Uint8Array(size);
      flags.set(this[name]);
      this[name] = flags;
    }
  }

  private growOps(): void {
    const size = this.places.length * 2;
    for (const name of ['places', 'isShared', 'modes', 'sources', 'events'] as const)
      this[name] = larger(this[name], new Int32Array(size));
    for (const name of ['found', 'left', 'expected'] as const) this[name] = larger(this[name], new Float64Array(size));
  }
}
