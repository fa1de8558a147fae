/**
 * A driver's connection to one task: the memory that it offers by type, and the maps of it that the task asked for, which go
 * when the connection is closed (xnu-reference 1.13).
 *
 * A driver offers memory beforehand, where I/O Kit asks a method of the driver's class. Every map is kept here, also one for
 * another task, for which XNU makes a port name in that task: it goes with the connection either way.
 */
import type { AddressSpace } from '../vm/address-space.ts';
import { KernelObject } from '../vm/kernel-object.ts';
import { allFree } from '../vm/lock.ts';
import type { Actor, Steps, Waiter } from '../vm/steps.ts';
import type { IOMemoryMap } from './io-memory-map.ts';
import type { IOKit } from './iokit.ts';
import type { IOMemoryDescriptor } from './memory-descriptor.ts';
import { kIOMapAnywhere, kIOMapReference, kIOMapUserOptionsMask } from './options.ts';
import { type IOReturn, kIOReturnBadArgument, kIOReturnNotAttached, kIOReturnSuccess } from './return-codes.ts';

/** What `clientMemoryForType` answers for one type. */
interface ClientMemory {
  readonly descriptor: IOMemoryDescriptor;
  readonly options: number;
}

export class IOUserClient extends KernelObject {
  override readonly kind = 'IOUserClient';
  closed = false;
  /** Type → memory, a reference each. */
  private readonly types = new Map<number, ClientMemory>();
  /** Its maps, each once and with one reference. */
  mapped: readonly IOMemoryMap[] = [];

  /** @param owner number of the task whose connection it is */
  constructor(
    private readonly iokit: IOKit,
    readonly owner: number,
  ) {
    super(iokit.journal);
    iokit.userClients.add(this as IOUserClient);
  }

  /** The descriptors that it keeps. */
  get offered(): readonly IOMemoryDescriptor[] {
    return [...this.types.values()].map(({ descriptor }) => descriptor);
  }

  /** Offers memory under `type`, in place of what was offered before. `options` are kIOMap bits; the task chooses bits 0 to 11. */
  clientMemoryForType(actor: Actor, type: number, descriptor: IOMemoryDescriptor, options: number): IOReturn {
    if (this.closed) return kIOReturnNotAttached;
    const before = this.types.get(type);
    this.types.set(type, { descriptor: descriptor.retain(), options });
    this.journal.undo(() => (before === undefined ? this.types.delete(type) : this.types.set(type, before)));
    before?.descriptor.release(actor);
    return kIOReturnSuccess;
  }

  /** Maps the memory of `type`; null when there is none, or the connection is closed (also while this waits). */
  *mapClientMemory64(
    waiter: Waiter,
    type: number,
    space: AddressSpace,
    mapFlags: number,
    atAddress: number,
  ): Steps<IOMemoryMap | null> {
    return yield* this.mapOf(waiter, type, space, mapFlags & kIOMapUserOptionsMask, atAddress, (map) => {
      if (this.mapped.includes(map)) map.release(waiter);
      else this.setMaps([...this.mapped, map]);
      return map;
    });
  }

  /** Gives up a map of the memory of `type` in that task: any that is compatible, wherever it is, as XNU does. */
  *unmapClientMemory(waiter: Waiter, type: number, space: AddressSpace, atAddress: number): Steps<IOReturn> {
    const found = yield* this.mapOf(waiter, type, space, kIOMapAnywhere | kIOMapReference, atAddress, (map) => {
      if (this.mapped.includes(map)) {
        this.setMaps(this.mapped.filter((other) => other !== map));
        map.release(waiter);
      }
      map.release(waiter);
      return map;
    });
    return found === null ? kIOReturnBadArgument : kIOReturnSuccess;
  }

  /** Drops maps and memory. A second close is ignored, as XNU ignores it. */
  clientClose(actor: Actor): IOReturn {
    if (this.closed) return kIOReturnSuccess;
    this.journal.set(this as IOUserClient, 'closed', true);
    const { mapped } = this;
    this.setMaps([]);
    for (const map of mapped) map.release(actor);
    const types = [...this.types];
    this.types.clear();
    this.journal.undo(() => {
      for (const [type, memory] of types) this.types.set(type, memory);
    });
    for (const [, { descriptor }] of types) descriptor.release(actor);
    return kIOReturnSuccess;
  }

  /** Its task has died, or has let go of its last right. */
  clientDied(actor: Actor): void {
    this.clientClose(actor);
  }

  override lastRightGone(holder: number, actor: Actor): void {
    if (holder === this.owner) this.clientDied(actor);
  }

  protected override dispose(actor: Actor): void {
    this.clientClose(actor);
    this.iokit.userClients.delete(this as IOUserClient);
  }

  /** A map with a reference for `use`, made with the driver's options and, in bits 0 to 11, with `flags`. */
  private *mapOf(
    waiter: Waiter,
    type: number,
    space: AddressSpace,
    flags: number,
    atAddress: number,
    use: (map: IOMemoryMap) => IOMemoryMap,
  ): Steps<IOMemoryMap | null> {
    const memory = this.types.get(type);
    if (memory === undefined) return null;
    const { descriptor } = memory;
    const options = ((memory.options & ~kIOMapUserOptionsMask) | flags) >>> 0;
    descriptor.retain();
    try {
      yield* allFree(waiter, [space.lock, this.iokit.globalLock, ...descriptor.mapLocks]);
      if (this.closed) return null;
      const map = descriptor.createMapping(waiter, { space, atAddress, options, offset: 0, length: 0 });
      return map === null ? null : use(map);
    } finally {
      descriptor.release(waiter);
    }
  }

  private setMaps(maps: readonly IOMemoryMap[]): void {
    this.journal.set(this as IOUserClient, 'mapped', maps);
  }
}
