/**
 * The handle table: how tasks name kernel objects. A handle is `generation × 2^30 + slot`; it is good for a task only when that
 * generation lives and the task was given the right. References are counted for each task, so that a leak has a name.
 *
 * Slots come from a range for each actor and are reused by whoever freed them, so that the handles a thread gets do not depend
 * on what others do (execution.md, rule 5).
 */
import { hex } from '../hardware/errors.ts';
import type { Journal } from '../hardware/journal.ts';
import type { KernelObject, ObjectRegistry } from '../vm/kernel-object.ts';
import type { Actor } from '../vm/steps.ts';

const slotBits = 30;
const slotsPerPool = 2 ** 20;
const generationFactor = 2 ** slotBits;
/** For `&`, which takes the lowest 32 bits of a number of any size: `%` is a call into the C library. */
const slotMask = generationFactor - 1;

/** The number under which references are counted that belong to the machine itself (made in `setup`). */
export const machineHolder = -1;

/** What can happen to a handle, for whoever keeps its history. */
export const HandleFate = {
  /** A holder has another number of references now. */
  Held: 1,
  /** The object is gone. */
  Gone: 2,
} as const;

export type HandleListener = (fate: number, handle: number, holder: number, held: number) => void;

/** Who holds references: a task, or the machine. */
export interface Holder extends Actor {
  readonly holder: number;
  readonly name: string;
}

/** A handle that names nothing for the task that used it. Nothing was changed. */
export class HandleError extends TypeError {
  override readonly name = 'HandleError';

  constructor(
    message: string,
    /** True when the task did have this object once: a use after release, not a forgery. */
    readonly released: boolean,
    readonly handle = 0,
  ) {
    super(message);
  }
}

class Slot {
  object: KernelObject | null = null;
  generation = 0;
  /** Task number → references it holds. Being in here is the right. */
  rights = new Map<number, number>();
  /** What the generation before was, and who had a right to it. */
  former: { kind: string; rights: ReadonlyMap<number, number>; releasedBy: string } | null = null;
}

class SlotPool {
  fresh = 1;
  readonly returned: number[] = [];
}

export class HandleTable implements ObjectRegistry {
  /** Hears what happens to handles; null when nobody does. */
  listener: HandleListener | null = null;
  private readonly slots = new Map<number, Slot>();
  private readonly pools = new Map<number, SlotPool>();
  /** Who is releasing at this moment, for the history of the slot. */
  private releasing: Holder | null = null;

  constructor(private readonly journal: Journal) {}

  /** Gives `caller`'s task the right to `object` and one counted reference, which the object has already. Returns the handle. */
  give(object: KernelObject, caller: Holder): number {
    const slot = this.slotOf(object, caller);
    this.setHeld(slot, caller.holder, (slot.rights.get(caller.holder) ?? 0) + 1);
    return object.handle;
  }

  /** Gives `caller`'s task the right to `object` without a reference. Returns the handle. */
  grant(object: KernelObject, caller: Holder): number {
    const slot = this.slotOf(object, caller);
    if (!slot.rights.has(caller.holder)) this.setHeld(slot, caller.holder, 0);
    return object.handle;
  }

  /** The object whose handle has these lowest 32 bits, or null: for who only looks. */
  find(low: number): KernelObject | null {
    const object = this.slots.get(low & slotMask)?.object ?? null;
    return object !== null && (object.handle | 0) === low ? object : null;
  }

  /** The object that `handle` names for `caller`. Throws HandleError. `kind` null accepts any. */
  lookup(handle: number, kind: string | null, caller: Holder): KernelObject {
    const number = handle & slotMask;
    const generation = Math.floor(handle / generationFactor);
    const slot = this.slots.get(number);
    if (slot === undefined || generation > slot.generation || generation * generationFactor + number !== handle)
      throw this.refuse(handle, caller, 'was never given out', false);
    if (generation < slot.generation || slot.object === null) {
      const former = slot.former;
      const known = former !== null && generation === slot.generation - 1 && former.rights.has(caller.holder);
      if (known) throw this.refuse(handle, caller, `named a ${former.kind} that ${former.releasedBy} released`, true);
      throw this.refuse(handle, caller, 'is stale', false);
    }
    if (!slot.rights.has(caller.holder) && caller.holder !== machineHolder) {
      throw this.refuse(handle, caller, `was not given to this task`, false);
    }
    if (kind !== null && slot.object.kind !== kind) {
      throw this.refuse(handle, caller, `names a ${slot.object.kind}, not a ${kind}`, false);
    }
    return slot.object;
  }

  /** Counts one more reference of `caller`'s task. */
  retain(object: KernelObject, caller: Holder): void {
    object.retain();
    this.give(object, caller);
  }

  /** `caller` drops a reference of `holder`'s, its own task's unless it is told; the object goes with the last one. */
  release(object: KernelObject, caller: Holder, holder = caller.holder): void {
    const slot = this.slotOf(object, caller);
    const held = slot.rights.get(holder) ?? 0;
    if (held > 0) this.setHeld(slot, holder, held - 1);
    this.releasing = caller;
    if (held === 1) object.lastRightGone(holder, caller);
    object.release(caller);
    this.releasing = null;
  }

  /** Called by an object that is gone: its handle is stale from here on. */
  forget(object: KernelObject): void {
    if (object.handle === 0) return;
    this.listener?.(HandleFate.Gone, object.handle, machineHolder, 0);
    const number = object.handle & slotMask;
    const slot = this.slots.get(number)!;
    const pool = this.poolOf(this.releasing?.pool ?? 0);
    const releasedBy = this.releasing?.name ?? 'the kernel';
    this.journal.set(slot, 'former', { kind: object.kind, rights: slot.rights, releasedBy });
    this.journal.set(slot, 'object', null);
    this.journal.set(slot, 'rights', new Map());
    this.journal.set(slot, 'generation', slot.generation + 1);
    this.journal.set(object, 'handle', 0);
    this.journal.append(pool.returned, number);
  }

  /** Takes every right of a holder away and drops the references it had, in the order of slots. */
  dropAll(caller: Holder): void {
    for (const number of [...this.slots.keys()].sort((a, b) => a - b)) {
      const slot = this.slots.get(number)!;
      const held = slot.rights.get(caller.holder);
      if (held === undefined || slot.object === null) continue;
      for (let left = held; left > 0 && slot.object !== null; left--) this.release(slot.object, caller);
      if (slot.object !== null) this.removeRight(slot, caller.holder);
    }
  }

  /** Every object a task holds references to, with their number, in the order of slots. */
  *held(holder: number): Generator<[KernelObject, number]> {
    for (const number of [...this.slots.keys()].sort((a, b) => a - b)) {
      const slot = this.slots.get(number)!;
      const held = slot.rights.get(holder) ?? 0;
      if (held > 0 && slot.object !== null) yield [slot.object, held];
    }
  }

  /** Whether a holder has a reference to an object, which tasks know. */
  isHeld(object: KernelObject, holder: number): boolean {
    const slot = this.slots.get(object.handle & slotMask);
    return slot !== undefined && (slot.rights.get(holder) ?? 0) > 0;
  }

  /** Who holds references to an object, and how many, in the order of tasks; the machine comes first. */
  holdersOf(object: KernelObject): [holder: number, held: number][] {
    const rights = object.handle === 0 ? [] : [...this.slots.get(object.handle & slotMask)!.rights];
    return rights.filter(([, held]) => held > 0).sort((a, b) => a[0] - b[0]);
  }

  /** Live objects, in the order of slots. */
  *objects(): Generator<KernelObject> {
    for (const number of [...this.slots.keys()].sort((a, b) => a - b)) {
      const object = this.slots.get(number)!.object;
      if (object !== null) yield object;
    }
  }

  private slotOf(object: KernelObject, caller: Holder): Slot {
    if (object.handle !== 0) return this.slots.get(object.handle & slotMask)!;
    const pool = this.poolOf(caller.pool);
    let number: number;
    if (pool.returned.length > 0) number = this.journal.remove(pool.returned, pool.returned.length - 1);
    else {
      number = caller.pool * slotsPerPool + pool.fresh;
      this.journal.set(pool, 'fresh', pool.fresh + 1);
    }
    let slot = this.slots.get(number);
    if (slot === undefined) {
      slot = new Slot();
      this.slots.set(number, slot);
      this.journal.undo(() => this.slots.delete(number));
    }
    this.journal.set(slot, 'object', object);
    this.journal.set(object, 'handle', slot.generation * generationFactor + number);
    this.journal.set(object, 'registry', this as ObjectRegistry);
    return slot;
  }

  private setHeld(slot: Slot, holder: number, held: number): void {
    const rights = slot.rights;
    const before = rights.get(holder);
    rights.set(holder, held);
    this.journal.undo(() => (before === undefined ? rights.delete(holder) : rights.set(holder, before)));
    if (this.listener !== null && held !== (before ?? 0))
      this.listener(HandleFate.Held, slot.object!.handle, holder, held);
  }

  private removeRight(slot: Slot, holder: number): void {
    const rights = slot.rights;
    const before = rights.get(holder)!;
    rights.delete(holder);
    this.journal.undo(() => rights.set(holder, before));
  }

  private poolOf(number: number): SlotPool {
    let pool = this.pools.get(number);
    if (pool === undefined) {
      pool = new SlotPool();
      this.pools.set(number, pool);
      this.journal.undo(() => this.pools.delete(number));
    }
    return pool;
  }

  private refuse(handle: number, caller: Holder, reason: string, released: boolean): HandleError {
    return new HandleError(`${caller.name}: handle ${hex(handle)} ${reason}`, released, handle);
  }
}
