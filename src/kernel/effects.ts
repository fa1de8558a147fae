/**
 * What kernel calls read and change beside what is their caller's own, for schedules that must know which steps commute. Each line of
 * the call table declares it; one that declares nothing may change everything, mappings included, and commutes with nothing.
 *
 * Nobody pays for it where nobody listens.
 */
import type { AddressSpace } from '../vm/address-space.ts';
import type { KernelObject } from '../vm/kernel-object.ts';
import type { MemoryObject } from '../vm/memory-object.ts';
import type { Call } from './call.ts';
import type { Kernel } from './kernel.ts';
import { KernelLock } from './locks/kernel-lock.ts';
import { PageNames } from './page-names.ts';
import type { KernelThread } from './thread.ts';

/** Sorts of what calls share. */
export const Shared = {
  Everything: 0,
  /** An object: the lowest 32 bits of its handle. */
  Object: 1,
  /** What was sent to a thread and what waits for it: its number. */
  Mailbox: 2,
  /** Who sleeps until an event: its number. */
  Event: 3,
  /** Who waits on a word of memory: its name (page-names.ts). */
  Waiters: 4,
  /** Interrupts, pending or waited for. */
  Interrupts: 5,
  /** Who sleeps with a deadline: the clock's next step depends on all of them. */
  Deadlines: 6,
  /** What lies where in an address space: its number. */
  Space: 7,
  /** The stores of a thread that have not reached memory: its number. */
  Buffer: 8,
} as const;
const sorts = 16;

/** How a step uses a resource: bits. */
export const Use = {
  Changes: 1,
  /** A lock that nobody held before the step. */
  Free: 2,
  /** It takes the lock, and would have slept had somebody held it. */
  Takes: 4,
  /** Whether and where a page is, not what is in it. */
  Residence: 8,
} as const;

/** One number for a resource. Events beyond 2^49 may share theirs, which makes them conflict: never the other way round. */
export const resource = (sort: number, number: number): number => number * sorts + sort;

/** What a call does, from its decoded arguments, in the state before its step. */
export type Declared<V> = (effects: Effects, values: V, caller: KernelThread, kernel: Kernel) => void;

/** Hears it: of a resource (`physical` is -1), or of `length` bytes of memory. */
export type EffectListener = (resource: number, physical: number, length: number, use: number) => void;

/** What calls do that only ask the object that they name first. */
export const asksIt = (effects: Effects, [id]: readonly [number, ...unknown[]]): void => effects.readsObject(id);
/** What calls do that change that object, and nothing else. */
export const changesIt = (effects: Effects, [id]: readonly [number, ...unknown[]]): void => effects.changesObject(id);
/** What calls do that make something which nobody else knows of. */
export const onlyMakes = (): void => {};

export class Effects {
  readonly names: PageNames;
  private caller: KernelThread | null = null;
  private taking = false;
  /** By thread: the arguments of the call that it is in, for the steps to come. */
  private readonly values: (readonly never[])[] = [];

  constructor(
    private readonly kernel: Kernel,
    private readonly listener: EffectListener,
  ) {
    this.names = new PageNames(kernel.hardware);
  }

  /** `caller` is about to begin a call with these arguments. */
  begin(call: Call, caller: KernelThread, values: readonly never[]): void {
    this.caller = caller;
    this.taking = call.takesLock;
    if (call.effects === null) this.everything();
    else call.effects(this, values, caller, this.kernel);
  }

  /** The call did not end with its first step. */
  keep(caller: KernelThread, values: readonly never[]): void {
    if (caller.number >= 0 && caller.call!.effects !== null) this.values[caller.number] = values.slice();
  }

  /** `caller` is about to take its call a step further. */
  resume(caller: KernelThread): void {
    this.caller = caller;
    this.taking = false;
    const { effects } = caller.call!;
    if (effects === null || caller.number < 0) this.everything();
    else effects(this, this.values[caller.number]!, caller, this.kernel);
  }

  /** The step may change everything: also for what shows only while it is under way. */
  everything(): void {
    this.note(Shared.Everything, 0, Use.Changes);
  }

  reads(sort: number, number: number): void {
    this.note(sort, number, 0);
  }

  changes(sort: number, number: number): void {
    this.note(sort, number, Use.Changes);
  }

  readsMemory(physical: number, length: number): void {
    this.listener(0, physical, length, 0);
  }

  /** Depends on the page of a byte being where it is. What was there before `setup` was over stays. */
  findsPage(physical: number): void {
    if (this.names.of(physical) !== physical) this.listener(0, physical, 1, Use.Residence);
  }

  /** Page `index` of `object` is in `frame` from now on: whoever reaches it finds it, or would have made it come. */
  comes(object: MemoryObject, index: number, frame: number): void {
    // What the machine itself does once all is over comes after every step, the last one too, which is still to be looked at.
    if ((this.kernel.caller?.number ?? -1) < 0) return;
    this.names.name(frame, object, index);
    const { pageSize } = this.kernel.hardware;
    this.listener(0, frame * pageSize, pageSize, Use.Changes | Use.Residence);
  }

  readsObject(handle: number): void {
    this.note(Shared.Object, handle | 0, 0);
  }

  changesObject(handle: number): void {
    this.note(Shared.Object, handle | 0, Use.Changes);
  }

  /** Uses a lock: takes it, gives it back, or asks who has it. */
  lock(handle: number): void {
    const lock = this.kernel.handles.find(handle | 0);
    let use: number = Use.Changes;
    if (lock instanceof KernelLock && lock.isExclusive) {
      const { caller } = this;
      if (lock.holders.length === 0) use |= Use.Free;
      if (this.taking && lock.mayWait(caller!)) use |= Use.Takes;
    }
    this.note(Shared.Object, handle | 0, use);
  }

  /** Gives up a reference: the last one takes the object, and what it holds, along. */
  releases(handle: number): void {
    const object: KernelObject | null = this.kernel.handles.find(handle | 0);
    if (object === null || object.references <= 1) this.everything();
    else this.changesObject(handle);
  }

  /** Asks what lies where in an address space. */
  readsSpace(space: AddressSpace): void {
    this.note(Shared.Space, space.number, 0);
  }

  /**
   * Adds to the caller's address space what nobody has reached. One that would sleep, or has slept, on the map lock is another matter: it
   * hands the wakeup on.
   */
  addsToSpace({ task, running }: KernelThread): void {
    const { lock, number } = task.space;
    if (running !== null || lock.owner !== null) this.everything();
    else this.note(Shared.Space, number, Use.Changes);
  }

  /** The caller may sleep until `deadline` (nanoseconds from now; Infinity: for ever). */
  sleeps(deadline: number): void {
    if (deadline !== Number.POSITIVE_INFINITY) this.changes(Shared.Deadlines, 0);
  }

  private note(sort: number, number: number, use: number): void {
    this.listener(resource(sort, number), -1, 0, use);
  }
}
