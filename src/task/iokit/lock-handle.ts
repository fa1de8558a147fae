/** What the handles of I/O Kit's locks have in common: freeing them, and the events that threads sleep until. */
import { calls } from '../../kernel/calls/index.ts';
import { currentTask } from '../current.ts';
import { type Branded, Handle } from '../handle.ts';

/** What a thread sleeps until and is woken by: an address, or any object in the place of its address. */
export type LockEvent = number | Branded;

/** Above every address, so that objects and addresses do not meet. */
const firstObject = 2 ** 52;

export function eventNumber(event: LockEvent): number {
  return typeof event === 'object' && event !== null ? firstObject + event.id : event;
}

export abstract class LockHandle extends Handle {
  /** Frees it, or drops this task's reference where several share it. Panics while somebody holds it or waits for it. */
  free(): void {
    currentTask().invoke(calls.lockFree, this.id);
  }

  override release(): void {
    this.free();
  }
}
