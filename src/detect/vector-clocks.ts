/**
 * Vector clocks: how much of everybody's past each actor knows. An actor's past is cut into epochs, which end where it hands
 * something on; an event of epoch e of actor a comes before all of b's further events exactly when b knows a's epoch e.
 */
import { PlaceTable } from './place-table.ts';

export class VectorClocks {
  /** Row a, column b: the last epoch of b that a knows. On the diagonal: the epoch that a is in. */
  readonly known: Int32Array;
  /** Key → 1 + where its row begins in `handed`. */
  private readonly keys = new PlaceTable();
  /** What was handed on under each key, a row each. */
  private handed: Int32Array;
  private readonly start: Int32Array;

  constructor(readonly actors: number) {
    this.start = new Int32Array(actors * actors);
    for (let actor = 0; actor < actors; actor++) this.start[actor * actors + actor] = 1;
    this.known = this.start.slice();
    this.handed = new Int32Array(actors * 16);
  }

  begin(): void {
    const { known, start } = this;
    // They are a handful: `set` costs more than they do.
    for (let i = 0; i < start.length; i++) known[i] = start[i]!;
    this.keys.clear();
  }

  /** Whether anything was handed on under `key`. */
  has(key: number): boolean {
    return this.keys.find(key) >= 0;
  }

  /** `actor` takes over what was handed on under `key`. */
  acquire(actor: number, key: number): void {
    const word = this.keys.find(key);
    if (word < 0) return;
    const { known, handed, actors } = this;
    const from = this.keys.words[word]! - 1;
    const to = actor * actors;
    for (let i = 0; i < actors; i++) if (handed[from + i]! > known[to + i]!) known[to + i] = handed[from + i]!;
  }

  /** `actor` hands its past on under `key`, beside what is there already. */
  release(actor: number, key: number): void {
    const to = this.rowOf(key);
    const { known, handed, actors } = this;
    const from = actor * actors;
    for (let i = 0; i < actors; i++) if (known[from + i]! > handed[to + i]!) handed[to + i] = known[from + i]!;
    known[from + actor]!++;
  }

  /** The same in place of what is there. */
  replace(actor: number, key: number): void {
    const to = this.rowOf(key);
    const { known, handed, actors } = this;
    const from = actor * actors;
    for (let i = 0; i < actors; i++) handed[to + i] = known[from + i]!;
    known[from + actor]!++;
  }

  private rowOf(key: number): number {
    const { keys } = this;
    const word = keys.enter(key);
    if (keys.words[word] !== 0) return keys.words[word]! - 1;
    const row = (keys.count - 1) * this.actors;
    keys.words[word] = row + 1;
    if (row === this.handed.length) {
      const handed = new Int32Array(this.handed.length * 2);
      handed.set(this.handed);
      this.handed = handed;
    } else {
      this.handed.fill(0, row, row + this.actors);
    }
    return row;
  }
}
