/** Where threads meet by a name or a number that nobody has to make first: events and interrupts. */
import { hex } from '../hardware/errors.ts';
import type { Journal } from '../hardware/journal.ts';
import { WaitQueue } from '../vm/steps.ts';
import { Interrupt } from './interrupt.ts';

export class MeetingPoints {
  /** Queues of those that sleep until an event, by the event's number. */
  readonly events = new Map<number, WaitQueue>();
  /** Event → who woke it last while nobody slept. */
  readonly missed = new Map<number, string>();
  readonly interrupts = new Map<string, Interrupt>();
  /** Number of an address space → what is done under its map lock happens before what is done under it later. */
  readonly mapLockKeys = new Map<number, number>();

  constructor(
    private readonly journal: Journal,
    private readonly newKey: () => number,
  ) {}

  event(event: number): WaitQueue {
    return this.find(this.events, event, () => new WaitQueue(() => this.describe(event)));
  }

  /** A wakeup that reaches nobody: whoever sleeps later may have waited for it. */
  miss(event: number, waker: string): void {
    const before = this.missed.get(event);
    this.missed.set(event, waker);
    this.journal.undo(() => (before === undefined ? this.missed.delete(event) : this.missed.set(event, before)));
  }

  interrupt(name: string): Interrupt {
    return this.find(this.interrupts, name, () => new Interrupt(this.journal, name, this.newKey()));
  }

  mapLockKey(space: number): number {
    return this.find(this.mapLockKeys, space, this.newKey);
  }

  /** The event that `queue` waits for, if it was woken while nobody slept; else null. */
  missedOf(queue: WaitQueue): number | null {
    for (const event of this.missed.keys()) if (this.events.get(event) === queue) return event;
    return null;
  }

  private describe(event: number): string {
    const waker = this.missed.get(event);
    return `a wakeup of event ${hex(event)}${waker === undefined ? '' : ` (${waker} woke it while nobody slept)`}`;
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
