/**
 * The wiring of a descriptor over virtual memory: how often it is prepared, and the pages that this holds in place
 * (xnu-reference 3.1).
 *
 * Without kIOMemoryThreadSafe the real `prepare` and `complete` hold no lock, so here each page is a step of its own. Under
 * 'documented' a second thread waits for the first all the same, which keeps the counts right whatever the callers do; under
 * 'xnu' the count is read in one step and written in a later one, as in the sources, and can be lost.
 */
import { KernelPanic } from '../hardware/errors.ts';
import { pageArrived } from '../vm/absent.ts';
import { SleepLock } from '../vm/lock.ts';
import type { MemoryObject } from '../vm/memory-object.ts';
import { VM_PURGABLE_DENY, VM_PURGABLE_NONVOLATILE } from '../vm/purgeable.ts';
import { type Actor, innerStep, type Steps, type Waiter } from '../vm/steps.ts';
import type { IOKit } from './iokit.ts';
import {
  kIODirectionCompleteWithDataValid,
  kIODirectionCompleteWithError,
  kIODirectionNone,
  kIODirectionOut,
  kIODirectionOutIn,
  kIODirectionPrepareNonCoherent,
} from './options.ts';
import { PageList, type PagePlace, type Stretch } from './page-list.ts';
import { type IOReturn, kIOReturnNotWritable, kIOReturnSuccess } from './return-codes.ts';
import { frameFor, releaseList, releasePage } from './wire-page.ts';

/** What a wiring wires. Asked anew by each first `prepare`. */
export interface WiringSource {
  /** The stretches to wire. With `write`, permission is asked for where that takes more than looking at each page. */
  stretches(write: boolean): Stretch[];
  /** Called before the pages of the last `complete` are let go. It may panic. */
  beforeUnwiring(): void;
  /** Waits until pages may be faulted in: a page fault takes the map lock. */
  ready(waiter: Waiter): Steps<void>;
  readonly isKernelMemory: boolean;
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
  /** A `complete` said that the transfer failed: pages that were to be filled go with the last one. */
  failed = false;
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
        const code = yield* this.wire(waiter, effective !== kIODirectionOut, direction);
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
  *complete(waiter: Waiter, direction: number): Steps<boolean> {
    if (this.lock !== null) yield* this.lock.take(waiter);
    try {
      const count = this.wireCount;
      if (count === 0) return false;
      if ((direction & kIODirectionCompleteWithError) !== 0 && !this.failed)
        this.iokit.journal.set(this as Wiring, 'failed', true);
      if ((direction & kIODirectionCompleteWithDataValid) !== 0 && count > 1) this.dataArrived(waiter);
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
    const { failed } = this;
    for (const list of this.detach()) releaseList(this.iokit.vm, list, actor, failed);
  }

  /** What pages were prepared without being zeroed for is in them; others may look at them from now on. */
  private dataArrived(waiter: Waiter): void {
    const { vm } = this.iokit;
    const given = (object: MemoryObject): boolean =>
      object.pageable && (object.purgeable === VM_PURGABLE_DENY || object.purgeable === VM_PURGABLE_NONVOLATILE);
    if (this.source.isKernelMemory || !this.lists.every(({ objects }) => objects.every(given)))
      throw new KernelPanic(
        'kIODirectionCompleteWithDataValid for memory that is volatile, a device’s or the kernel’s',
      );
    for (const { absent, objects } of this.lists)
      for (const [page, index] of absent) pageArrived(vm, waiter, objects[page]!, index);
  }

  private *wire(waiter: Waiter, write: boolean, direction: number): Steps<IOReturn> {
    const done: PageList[] = [];
    let filling: PageList | null = null;
    let succeeded = false;
    try {
      for (const stretch of this.source.stretches(write)) {
        filling = new PageList(stretch.offset, stretch.length, stretch.pageOffset);
        const code = yield* this.wireList(waiter, stretch, filling, write, direction, done.length === 0);
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
    // What was not there before does not come by a prepare that failed.
    for (const list of own) releaseList(this.iokit.vm, list, actor, true);
    if (filling !== null) releaseList(this.iokit.vm, filling, actor, true);
  }

  /** A list that is being filled belongs to this call alone, so its arrays need no journal: a rollback drops the call. */
  private *wireList(
    waiter: Waiter,
    stretch: Stretch,
    list: PageList,
    write: boolean,
    direction: number,
    first: boolean,
  ): Steps<IOReturn> {
    const { vm } = this.iokit;
    const { frames } = vm.hardware;
    const pages = Math.ceil((stretch.pageOffset + stretch.length) / vm.pageSize);
    for (let page = 0; page < pages; page++) {
      if (!this.threadSafe && !(first && page === 0)) yield innerStep;
      const place = yield* this.locate(waiter, stretch, page, write);
      if (typeof place === 'number') return place;
      const { object } = place;
      const frame = frameFor(vm, waiter, place, write, direction);
      if (frame < 0) return -frame;
      object.wire(frame);
      if ((direction & kIODirectionPrepareNonCoherent) !== 0) vm.settleCache(waiter, frame);
      if (write && !frames.isDirty(frame)) frames.setDirty(frame, 1);
      if (object.absent.has(place.index)) list.absent.set(list.frames.length, place.index);
      list.frames.push(frame);
      list.objects.push(object);
    }
    return kIOReturnSuccess;
  }

  /** Where a page is, once nobody is filling it for somebody else. */
  private *locate(waiter: Waiter, stretch: Stretch, page: number, write: boolean): Steps<PagePlace | IOReturn> {
    for (;;) {
      yield* this.source.ready(waiter);
      const place = stretch.locate(page, write, waiter);
      const queue = typeof place === 'number' ? undefined : place.object.absent.get(place.index);
      if (queue === undefined) return place;
      yield queue;
    }
  }

  private *unwire(waiter: Waiter): Steps<void> {
    // Taken away in one step: whoever else completes now must not unwire the same pages again.
    const { vm } = this.iokit;
    const { failed } = this;
    const lists = this.detach();
    let list = 0;
    let page = 0;
    try {
      for (; list < lists.length; list++, page = 0) {
        const { frames } = lists[list]!;
        for (; page < frames.length; page++) {
          if (!this.threadSafe && list + page > 0) yield innerStep;
          releasePage(vm, lists[list]!, page, waiter, failed);
        }
      }
    } finally {
      // A thread that died on the way leaves the rest to be done.
      for (; list < lists.length; list++, page = 0) releaseList(vm, lists[list]!, waiter, failed, page);
    }
  }

  private detach(): readonly PageList[] {
    const { journal } = this.iokit;
    const lists = this.lists;
    journal.set(this as Wiring, 'lists', []);
    journal.set(this as Wiring, 'direction', kIODirectionNone);
    if (this.readOnly) journal.set(this as Wiring, 'readOnly', false);
    // In the sources it stays until the descriptor is initialised again.
    if (this.failed && this.iokit.semantics === 'documented') journal.set(this as Wiring, 'failed', false);
    if (this.preparationId !== 0) journal.set(this as Wiring, 'preparationId', 0);
    return lists;
  }
}
