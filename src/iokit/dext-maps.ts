/**
 * The maps behind `GetAddressRange`: a buffer keeps one for each task that asked for its address. The map refers to the buffer in
 * turn, so it goes when that task drops its last reference, or when nobody else is left who refers to the buffer.
 */
import type { Journal } from '../hardware/journal.ts';
import type { Actor } from '../vm/steps.ts';
import type { IOMemoryMap } from './io-memory-map.ts';

export class DextMaps {
  /** Number of the task → its map, with a reference. */
  private readonly maps = new Map<number, IOMemoryMap>();

  constructor(private readonly journal: Journal) {}

  get size(): number {
    return this.maps.size;
  }

  /** A reference each. */
  get all(): Iterable<IOMemoryMap> {
    return this.maps.values();
  }

  of(task: number): IOMemoryMap | null {
    return this.maps.get(task) ?? null;
  }

  /** Takes over the caller's reference to `map`, which is in `task`, in place of the one kept before. */
  keep(actor: Actor, task: number, map: IOMemoryMap): void {
    this.drop(actor, task);
    this.maps.set(task, map);
    this.journal.undo(() => this.maps.delete(task));
  }

  drop(actor: Actor, task: number): void {
    const map = this.maps.get(task);
    if (map === undefined) return;
    this.maps.delete(task);
    this.journal.undo(() => this.maps.set(task, map));
    map.release(actor);
  }

  dropAll(actor: Actor): void {
    for (const task of [...this.maps.keys()].sort((a, b) => a - b)) this.drop(actor, task);
  }
}
