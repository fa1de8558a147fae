/**
 * The wiring of a descriptor over virtual memory: how often it is prepared, and the pages that this holds in place
 * (xnu-reference 3.1).
 *
 * Without kIOMemoryThreadSafe the real `prepare` and `complete` hold no lock, so here each page is a step of its own. Under
 * 'documented' a second thread waits for the first all the same, which keeps the counts right whatever the callers do; under
 * 'xnu' the count is read in one step and written in a later one, as in the sources, and can be lost.
 */
import { KERN_MEMORY_ERROR, KERN_RESOURCE_SHORTAGE } from '../vm/kern-return.ts';
import { SleepLock } from '../vm/lock.ts';
import { noFrame } from '../vm/memory-object.ts';
import { type Actor, innerStep, type Steps, type Waiter } from '../vm/steps.ts';
import type { IOKit } from './iokit.ts';
import { kIODirectionNone, kIODirectionOut, kIODirectionOutIn, kIODirectionPrepareNoFault } from './options.ts';
import { PageList, type Stretch } from './page-list.ts';
import {
  type IOReturn,
  kIOReturnNoMemory,
  kIOReturnNoResources,
  kIOReturnNotWritable,
  kIOReturnSuccess,
} from './return-codes.ts';

/** What a wiring wires. Asked anew by each first `prepare`. */
export interface WiringSource {
  /** The stretches to wire. With `write`, permission is asked for where that takes more than looking at each page. */
  stretches(write: boolean): Stretch[];
  /** Called before the pages of the last `complete` are let go. It may panic. */
  beforeUnwiring(): void;
  /** Waits until pages may be faulted in: a page fault takes the map lock. */
  ready(waiter: Waiter): Steps<void>;
}

export class Wiring {
  wireCount = 0;
  /** The present wiring allows no writing. */
  readOnly = false;
  /** In and Out bits of what is prepared now. */
  direction = kIODirectionNone;
  lists: readonly PageList[] = [];
  /** 0 until somebody asks for it; a new one for each time the memory is wired. */
  preparationId = 0;
  private readonly lock: SleepLock | null;

  /**
   * @param ownDirection the descriptor's; other bits of its options do no harm
   * @param threadSafe calls are atomic towards each other
   */
  constructor(
    private readonly iokit: IOKit,
    private readonly source: WiringSource,
    private readonly ownDirection: number,
    private readonly threadSafe: boolean,
  ) {
    const locked = threadSafe || iokit.semantics === 'documented';
    this.lock = locked ? new SleepLock(iokit.journal, 'the prepare lock of a descriptor') : null;
  }

  *prepare(waiter: Waiter, direction: number): Steps<IOReturn> {
    const effective = direction & kIODirectionOutIn || this.ownDirection & kIODirectionOutIn;
    if (this.lock !== null) yield* this.lock.take(waiter);
    try {
      if (this.wireCount > 0) {
        if (this.readOnly && effective !== kIODirectionOut) return kIOReturnNotWritable;
      } else {
        const code = yield* this.wire(
          waiter,
          effective !== kIODirectionOut,
          (direction & kIODirectionPrepareNoFault) !== 0,
        );
        if (code !== kIOReturnSuccess) return code;
        const readOnly = effective === kIODirectionOut;
        if (this.readOnly !== readOnly) this.iokit.journal.set(this as Wiring, 'readOnly', readOnly);
      }
      const count = this.wireCount;
      if (this.lock === null) yield innerStep;
      this.iokit.journal.set(this as Wiring, 'wireCount', count + 1);
      // In the sources a nested prepare overwrites what the one before it asked for.
      const before = this.iokit.semantics === 'documented' ? this.direction : kIODirectionNone;
      this.iokit.journal.set(this as Wiring, 'direction', before | effective);
      return kIOReturnSuccess;
    } finally {
      this.lock?.release(waiter);
    }
  }

  /** False when there was nothing to complete. */
  *complete(waiter: Waiter): Steps<boolean> {
    if (this.lock !== null) yield* this.lock.take(waiter);
    try {
      const count = this.wireCount;
      if (count === 0) return false;
      if (this.lock === null) yield innerStep;
      if (count === 1) this.source.beforeUnwiring();
      this.iokit.journal.set(this as Wiring, 'wireCount', count - 1);
      if (count === 1) yield* this.unwire(waiter);
      return true;
    } finally {
      this.lock?.release(waiter);
    }
  }

  /** Undoes every prepare at once: the descriptor goes, or becomes another one. */
  completeAll(actor: Actor): void {
    this.iokit.journal.set(this as Wiring, 'wireCount', 0);
    for (const list of this.detach()) releaseList(list, actor);
  }

  private *wire(waiter: Waiter, write: boolean, noFault: boolean): Steps<IOReturn> {
    const done: PageList[] = [];
    let filling: PageList | null = null;
    let succeeded = false;
    try {
      for (const stretch of this.source.stretches(write)) {
        filling = new PageList(stretch.offset, stretch.length, stretch.pageOffset);
        const code = yield* this.wireList(waiter, stretch, filling, write, noFault, done.length === 0);
        if (code !== kIOReturnSuccess) return code;
        this.iokit.journal.set(this as Wiring, 'lists', [...this.lists, filling]);
        done.push(filling);
        filling = null;
      }
      succeeded = true;
      return kIOReturnSuccess;
    } finally {
      // Also when the thread died between two pages.
      if (!succeeded) this.abandon(waiter, done, filling);
    }
  }

  /** Undoes a prepare that failed. Lists that somebody else has completed meanwhile are not its own any more. */
  private abandon(actor: Actor, done: readonly PageList[], filling: PageList | null): void {
    const own = this.lists.filter((list) => done.includes(list));
    this.iokit.journal.set(
      this as Wiring,
      'lists',
      this.lists.filter((list) => !done.includes(list)),
    );
    for (const list of own) releaseList(list, actor);
    if (filling !== null) releaseList(filling, actor);
  }

  /** A list that is being filled belongs to this call alone, so its arrays need no journal: a rollback drops the call. */
  private *wireList(
    waiter: Waiter,
    stretch: Stretch,
    list: PageList,
    write: boolean,
    noFault: boolean,
    first: boolean,
  ): Steps<IOReturn> {
    const { hardware, pageSize } = this.iokit.vm;
    const pages = Math.ceil((stretch.pageOffset + stretch.length) / pageSize);
    for (let page = 0; page < pages; page++) {
      if (!this.threadSafe && !(first && page === 0)) yield innerStep;
      yield* this.source.ready(waiter);
      const place = stretch.locate(page, write);
      if (typeof place === 'number') return place;
      if (noFault && !place.object.pages.has(place.index)) return kIOReturnNoResources;
      const frame = place.object.page(waiter, place.index);
      if (frame === noFrame) return shortage[place.object.shortage] ?? place.object.shortage;
      place.object.wire(frame);
      if (write && !hardware.frames.isDirty(frame)) hardware.frames.setDirty(frame, 1);
      list.frames.push(frame);
      list.objects.push(place.object);
    }
    return kIOReturnSuccess;
  }

  private *unwire(waiter: Waiter): Steps<void> {
    // Taken away in one step: whoever else completes now must not unwire the same pages again.
    const lists = this.detach();
    let list = 0;
    let page = 0;
    try {
      for (; list < lists.length; list++, page = 0) {
        const { frames, objects } = lists[list]!;
        for (; page < frames.length; page++) {
          if (!this.threadSafe && list + page > 0) yield innerStep;
          objects[page]!.unwire(waiter, frames[page]!);
        }
      }
    } finally {
      // A thread that died on the way leaves the rest to be done.
      for (; list < lists.length; list++, page = 0) releaseList(lists[list]!, waiter, page);
    }
  }

  private detach(): readonly PageList[] {
    const { journal } = this.iokit;
    const lists = this.lists;
    journal.set(this as Wiring, 'lists', []);
    journal.set(this as Wiring, 'direction', kIODirectionNone);
    if (this.readOnly) journal.set(this as Wiring, 'readOnly', false);
    if (this.preparationId !== 0) journal.set(this as Wiring, 'preparationId', 0);
    return lists;
  }
}

/** The two codes of the VM that `prepare` translates (xnu-reference 2.11), as far as a page fault can answer them. */
const shortage: Record<number, IOReturn> = {
  [KERN_RESOURCE_SHORTAGE]: kIOReturnNoMemory,
  [KERN_MEMORY_ERROR]: kIOReturnNoResources,
};

function releaseList(list: PageList, actor: Actor, from = 0): void {
  for (let page = from; page < list.frames.length; page++) list.objects[page]!.unwire(actor, list.frames[page]!);
}
