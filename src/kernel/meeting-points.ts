/** Where threads meet by a name or a number that nobody has to make first: events and interrupts. */
import { hex } from '../hardware/errors.ts';
import type { Journal } from '../hardware/journal.ts';
import { WaitQueue } from '../vm/steps.ts';
import { Interrupt } from './interrupt.ts';

export class MeetingPoints {
  /** Queues of those that sleep until an event, by the event's number. */
  readonly events = new Map<number, WaitQueue>();
  readonly interrupts = new Map<string, Interrupt>();
  /** Number of an address space → what is done under its map lock happens before what is done under it later. */
  readonly mapLockKeys = new Map<number, number>();

  constructor(
    private readonly journal: Journal,
    private readonly newKey: () => number,
  ) {}

  event(event: number): WaitQueue {
    return this.find(this.events, event, () => new WaitQueue(`a wakeup of event ${hex(event)}`));
  }

  interrupt(name: string): Interrupt {
    return this.find(this.interrupts, name, () => new Interrupt(this.journal, name, this.newKey()));
  }

  mapLockKey(space: number): number {
    return this.find(this.mapLockKeys, space, this.newKey);
  }

  private find<K, V>(points: Map<K, V>, name: K, make: () => V): V {
    const known = points.get(name);
    if (known !== undefined) return known;
    const made = make();
    points.set(name, made);
    this.journal.undo(() => points.delete(name));
    return made;
  }
}
