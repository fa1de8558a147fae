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
   * The events at `earlier` and `later` of `trace` conflict and nothing orders them. May come more than once.
   *
   * @param one the operation of the earlier event, as a number among those of all actors: operation × actors + actor
   * @param other that of the later one
   */
  conflict(trace: Trace, earlier: number, later: number, one: number, other: number): void;
}

/** By sort: the set of sorts it conflicts with. Two loads do not, nor do two atomics. */
const conflicts = new Uint8Array(4);
conflicts[Sort.Load] = (1 << Sort.Store) | (1 << Sort.AtomicStore);
conflicts[Sort.Store] = 0b1111;
conflicts[Sort.AtomicLoad] = 1 << Sort.Store;
conflicts[Sort.AtomicStore] = (1 << Sort.Load) | (1 << Sort.Store);

// A cell: where the next one of its place is, or 0; units + sort + actor; epoch; the event's place in the trace; the
// number of its operation among those of all actors.
const cellSize = 5;
const sortShift = 8;
const actorShift = 10;
const allUnits = 255;

export class Shadow {
  /** Place → where its first cell is. */
  private readonly places = new PlaceTable();
  private cells = new Int32Array(64 * cellSize);
  private end = cellSize;
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
    const { cells } = this;
    const { known, actors } = this.clocks;
    const word = this.places.enter(place);
    const first = this.places.words[word]!;
    const row = actor * actors;
    const against = conflicts[sort]!;
    const operation = (Math.imul(this.trace!.words[at + 1]! | 0, actors) + actor) | 0;
    const mine = (actor << actorShift) | (sort << sortShift);
    let own = 0;
    for (let cell = first; cell !== 0; cell = cells[cell]!) {
      const tag = cells[cell + 1]!;
      const other = tag >>> actorShift;
      if (other === actor) {
        if ((tag & ~allUnits) !== mine) continue;
        cells[cell + 1] = tag & ~mask;
        if ((tag & ~mask) === mine) own = cell;
      } else if (
        (tag & mask) !== 0 &&
        cells[cell + 2]! > known[row + other]! &&
        ((against >>> ((tag >>> sortShift) & 3)) & 1) !== 0
      ) {
        this.listener.conflict(this.trace!, cells[cell + 3]!, at, cells[cell + 4]!, operation);
      }
    }
    if (own === 0) {
      own = this.addCell(first);
      this.places.words[word] = own;
    }
    const kept = this.cells;
    kept[own + 1] = mine | mask;
    kept[own + 2] = known[row + actor]!;
    kept[own + 3] = at;
    kept[own + 4] = operation;
  }

  /** What was done to `count` places from `place` on is history. */
  forget(place: number, count: number): void {
    for (let i = place; i < place + count; i++) {
      const word = this.places.find(i);
      if (word >= 0) this.places.words[word] = 0;
    }
  }

  private addCell(next: number): number {
    const cell = this.end;
    this.end += cellSize;
    if (cell === this.cells.length) {
      const cells = new Int32Array(cell * 2);
      cells.set(this.cells);
      this.cells = cells;
    }
    this.cells[cell] = next;
    return cell;
  }
}
