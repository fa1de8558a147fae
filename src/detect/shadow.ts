/**
 * What was done to each place last, by whom and how: enough to tell for a new access which earlier ones race with it.
 *
 * A place is up to eight units, chosen by a mask: the bytes of a word of memory. For every unit, actor and sort of access the
 * latest one is kept. That is exact: when an earlier access of an actor is unordered with a new one, its latest is so too. Older
 * ones are not reported beside the latest: a loop of n racing stores is one mistake, not n².
 */
import type { Trace } from '../kernel/trace.ts';
import { Sort } from './access.ts';
import { PlaceTable } from './place-table.ts';
import type { VectorClocks } from './vector-clocks.ts';

export interface ConflictListener {
  /**
   * The event at `later` of `trace` conflicts with earlier ones, and nothing orders them. Pairs may come more than once.
   *
   * @param operation the later event's operation, as a number among those of all actors: operation × actors + actor
   * @param earlier two words for each: its place in the trace, and its operation as such a number
   * @param length of `earlier`, in words
   */
  conflicts(trace: Trace, later: number, operation: number, earlier: Int32Array, length: number): void;
}

// A cell: where the next one of its place is, or 0; its actor; which units it has, eight bits for each sort; then by sort the epoch, the
// event's place in the trace, and the number of its operation among those of all actors. As large as a line of the processor's cache.
const cellSize = 16;
const actorField = 1;
const unitsField = 2;
const firstPart = 3;
const partSize = 3;
const unitBits = 8;
const unitMask = 2 ** unitBits - 1;
/** A set of units, for every sort. */
const everySort = 0x01010101;

/** By sort: the units of the sorts it conflicts with. Two loads do not, nor do two atomics. */
const conflicts = new Int32Array(4);
const unitsOf = (...sorts: number[]): number => sorts.reduce((set, sort) => set | (unitMask << (sort * unitBits)), 0);
conflicts[Sort.Load] = unitsOf(Sort.Store, Sort.AtomicStore);
conflicts[Sort.Store] = unitsOf(Sort.Load, Sort.Store, Sort.AtomicLoad, Sort.AtomicStore);
conflicts[Sort.AtomicLoad] = unitsOf(Sort.Store);
conflicts[Sort.AtomicStore] = unitsOf(Sort.Load, Sort.Store);

export class Shadow {
  /** Place → where its first cell is. */
  private readonly places = new PlaceTable();
  private cells = new Int32Array(64 * cellSize);
  private end = cellSize;
  /** The accesses that the one in hand conflicts with; as long as `cells`, so that there is room for all. */
  private unordered = new Int32Array(64 * cellSize);
  private trace: Trace | null = null;

  constructor(
    private readonly clocks: VectorClocks,
    private readonly listener: ConflictListener,
  ) {}

  begin(trace: Trace): void {
    this.trace = trace;
    this.places.clear();
    this.end = cellSize;
  }

  /** Notes an access to the units `mask` of `place` and reports what races with it. */
  access(place: number, mask: number, actor: number, sort: number, at: number): void {
    const { cells, unordered } = this;
    const { known, actors } = this.clocks;
    const word = this.places.enter(place);
    const first = this.places.words[word]!;
    const row = actor * actors;
    const against = conflicts[sort]! & Math.imul(mask, everySort);
    const shift = sort * unitBits;
    let own = 0;
    let length = 0;
    for (let cell = first; cell !== 0; cell = cells[cell]!) {
      const other = cells[cell + actorField]!;
      const units = cells[cell + unitsField]!;
      if (other === actor) {
        const left = units & ~(mask << shift);
        cells[cell + unitsField] = left;
        if (((left >>> shift) & unitMask) === 0) own = cell;
        continue;
      }
      const seen = known[row + other]!;
      let part = cell + firstPart;
      for (let hit = units & against; hit !== 0; hit >>>= unitBits) {
        if ((hit & unitMask) !== 0 && cells[part]! > seen) {
          unordered[length] = cells[part + 1]!;
          unordered[length + 1] = cells[part + 2]!;
          length += 2;
        }
        part += partSize;
      }
    }
    const operation = (Math.imul(this.trace!.words[at + 1]! | 0, actors) + actor) | 0;
    if (length > 0) this.listener.conflicts(this.trace!, at, operation, unordered, length);
    if (own === 0) {
      own = this.addCell(first, actor);
      this.places.words[word] = own;
    }
    const kept = this.cells;
    const part = own + firstPart + sort * partSize;
    kept[own + unitsField]! |= mask << shift;
    kept[part] = known[row + actor]!;
    kept[part + 1] = at;
    kept[part + 2] = operation;
  }

  /** What was done to `count` places from `place` on is history. */
  forget(place: number, count: number): void {
    for (let i = place; i < place + count; i++) {
      const word = this.places.find(i);
      if (word >= 0) this.places.words[word] = 0;
    }
  }

  private addCell(next: number, actor: number): number {
    const cell = this.end;
    this.end += cellSize;
    if (cell === this.cells.length) {
      const cells = new Int32Array(cell * 2);
      cells.set(this.cells);
      this.cells = cells;
      this.unordered = new Int32Array(cells.length);
    }
    this.cells[cell] = next;
    this.cells[cell + actorField] = actor;
    this.cells[cell + unitsField] = 0;
    return cell;
  }
}
