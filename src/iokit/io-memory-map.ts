/**
 * A map: one view of (part of) a descriptor in one task. It has two kinds of holders, its clients and the descriptor's set of
 * maps, and goes when the last client lets go (xnu-reference 1.2, 3.4.10).
 */
import { AccessGate } from '../vm/access-gate.ts';
import type { AddressSpace } from '../vm/address-space.ts';
import { KERN_INVALID_ADDRESS, KERN_INVALID_ARGUMENT, type KernReturn } from '../vm/kern-return.ts';
import { KernelObject } from '../vm/kernel-object.ts';
import type { MemoryObject } from '../vm/memory-object.ts';
import type { Actor } from '../vm/steps.ts';
import type { IOKit } from './iokit.ts';
import type { IOMemoryDescriptor } from './memory-descriptor.ts';
import { kIOMapOverwrite } from './options.ts';
import { noSegment, type Segment } from './page-list.ts';
import { RangeWiring } from './range-wiring.ts';
import { type IOReturn, kIOReturnSuccess } from './return-codes.ts';

/** Addresses that belong to a map: `start` to before `end` with its guard pages, `from` to before `to` what can be reached. */
export interface MapRange {
  readonly start: number;
  readonly end: number;
  readonly from: number;
  readonly to: number;
}

export class IOMemoryMap extends KernelObject {
  override readonly kind = 'IOMemoryMap';
  task: number | null;
  /** Its place in the order in which the descriptor's maps came. */
  order: number;
  /** Pages that `wireRange` holds in place. */
  readonly wiring: RangeWiring;
  /** Name of the thread that redirected it to nothing; null when nobody did, or it was redirected again. */
  emptiedBy: string | null = null;
  /** Shut while accesses have to wait. */
  gate: AccessGate | null = null;
  /** The memory object to which it makes every access wait; only in the sources' way of redirecting. */
  held: MemoryObject | null = null;

  /**
   * @param descriptor what is mapped; kept alive
   * @param space where; null once unmapped, or once the task is dead
   * @param address of the first byte; 0 once unmapped
   * @param offset of the first byte in the descriptor
   * @param superMap the map that this is a part of; kept alive
   * @param range what to unmap in the end; null when the memory is not this map's to unmap
   */
  constructor(
    private readonly iokit: IOKit,
    public descriptor: IOMemoryDescriptor,
    public space: AddressSpace | null,
    public address: number,
    readonly length: number,
    public offset: number,
    readonly options: number,
    readonly superMap: IOMemoryMap | null,
    readonly range: MapRange | null,
  ) {
    super(iokit.journal);
    this.references = 2;
    this.task = space?.number ?? null;
    this.wiring = new RangeWiring(iokit);
    this.order = iokit.nextMapOrder();
    this.enterSet(descriptor);
    iokit.maps.add(this as IOMemoryMap);
  }

  /** In words, for messages. */
  get name(): string {
    return `the map of ${this.space?.name ?? 'nobody'} at 0x${this.address.toString(16)}`;
  }

  /** Number of the task whose address space it is in, or null when that task is dead. */
  getAddressTask(): number | null {
    return this.superMap === null ? this.task : this.superMap.getAddressTask();
  }

  /** Beyond the map there is nothing; in the sources the descriptor goes on. */
  getPhysicalSegment(actor: Actor, offset: number, options = 0): Segment {
    if (this.iokit.semantics === 'xnu') return this.descriptor.segmentFor(actor, this.offset + offset, options);
    if (offset >= this.length) return noSegment;
    const { address, length } = this.descriptor.segmentFor(actor, this.offset + offset, options);
    return { address, length: Math.min(length, this.length - offset) };
  }

  /**
   * Wires the pages that bytes of the map touch, for `access` (VM_PROT bits, which In and Out bits are), with their translations
   * entered; access 0 unwires them. Answers codes of the VM. The sources do not look where the map ends.
   */
  wireRange(actor: Actor, access: number, offset: number, length: number): KernReturn {
    const { space, address } = this;
    if (space === null) return KERN_INVALID_ARGUMENT;
    if (offset + length > this.length && this.iokit.semantics === 'documented') return KERN_INVALID_ADDRESS;
    const start = this.iokit.vm.truncatePage(address + offset);
    const end = this.iokit.vm.roundPage(address + offset + length);
    return access === 0 ? this.wiring.unwire(actor, start, end) : this.wiring.wire(actor, space, start, end, access);
  }

  /** Takes the memory away from every holder at once. What was mapped over other memory stays, since that is gone. */
  unmap(actor: Actor): IOReturn {
    const { space, range } = this;
    if (this.gate !== null) this.openGate();
    this.wiring.releaseAll(actor);
    if (space !== null && range !== null && (this.options & kIOMapOverwrite) === 0) this.leave(actor, space, range);
    this.forgetSpace();
    return kIOReturnSuccess;
  }

  taskDied(actor: Actor, space: AddressSpace): void {
    if (this.task === space.number) this.journal.set(this as IOMemoryMap, 'task', null);
    if (this.space !== space) return;
    if (this.gate !== null) this.openGate();
    this.wiring.releaseAll(actor);
    this.forgetSpace();
  }

  /** Whether its task has unmapped it, or put something else in its place. */
  get isLost(): boolean {
    const { space, range } = this;
    return space !== null && range !== null && space.lookup(this.address)?.owner !== this;
  }

  /** Accesses wait from now on; `by` names who redirected it to nothing. Null: they go on. */
  empty(by: string | null): void {
    this.journal.set(this as IOMemoryMap, 'emptiedBy', by);
    this.followRedirect();
  }

  /** Makes accesses to the first pages of `object`, as many as the map has, wait until `letGo`; whoever maps it. */
  hold(object: MemoryObject, by: string): void {
    const { vm } = this.iokit;
    const subject = `the memory of ${this.name}, which ${by} redirected to nothing`;
    this.journal.set(this as IOMemoryMap, 'held', object as MemoryObject | null);
    vm.shutObject(object, new AccessGate(subject, vm.roundPage(this.length) / vm.pageSize));
  }

  letGo(): void {
    if (this.held === null) return;
    this.iokit.vm.openObject(this.held);
    this.journal.set(this as IOMemoryMap, 'held', null);
  }

  /** Shuts or opens the gate as this map's redirection, and its descriptor's, have it now. */
  followRedirect(): void {
    const { space, range, descriptor } = this;
    if (space === null || range === null) return;
    const held = descriptor.redirected && descriptor.redirectSafe !== space;
    const waits = this.emptiedBy !== null || (held && descriptor.deviceMemory);
    if (waits && this.gate === null) {
      const reason =
        this.emptiedBy === null ? 'whose descriptor is redirected' : `which ${this.emptiedBy} redirected to nothing`;
      const gate = new AccessGate(`${this.name}, ${reason}`);
      this.journal.set(this as IOMemoryMap, 'gate', gate as AccessGate | null);
      space.gates.shut(range.from, range.to, gate);
    } else if (!waits && this.gate !== null) this.openGate();
    else if (held) space.forgetTranslations(range.from, range.to);
  }

  /** Shows another descriptor from byte `offset` on from now on. What is entered in the address space is the caller's business. */
  retarget(actor: Actor, descriptor: IOMemoryDescriptor, offset: number): void {
    const before = this.descriptor;
    before.mappings.remove(this as IOMemoryMap);
    this.journal.set(this as IOMemoryMap, 'offset', offset);
    if (before !== descriptor) {
      this.journal.set(this as IOMemoryMap, 'order', this.iokit.nextMapOrder());
      this.journal.set(this as IOMemoryMap, 'descriptor', descriptor);
    }
    this.enterSet(descriptor);
    before.release(actor);
  }

  /** The set's reference alone keeps no map alive. */
  override release(actor: Actor): void {
    this.journal.set(this as KernelObject, 'references', this.references - 1);
    if (this.references === 1) this.abandon(actor);
  }

  /** Ends the map, whoever holds it. */
  abandon(actor: Actor): void {
    this.journal.set(this as KernelObject, 'references', 0);
    this.dispose(actor);
    this.registry?.forget(this);
  }

  protected override dispose(actor: Actor): void {
    this.letGo();
    this.unmap(actor);
    this.iokit.maps.delete(this as IOMemoryMap);
    this.descriptor.mappings.remove(this as IOMemoryMap);
    this.superMap?.release(actor);
    this.descriptor.release(actor);
  }

  private enterSet(descriptor: IOMemoryDescriptor): void {
    descriptor.retain();
    descriptor.mappings.insert(this as IOMemoryMap);
  }

  /** Lets those go on who wait at its gate, which is there. */
  openGate(): void {
    const { space, range, gate } = this;
    this.journal.set(this as IOMemoryMap, 'gate', null);
    this.journal.set(this as IOMemoryMap, 'emptiedBy', null);
    space!.gates.open(range!.from, range!.to, gate!);
  }

  /** What the task put there since is its own; the sources take that away too. */
  private leave(actor: Actor, space: AddressSpace, { start, end }: MapRange): void {
    const other = space.firstOther(start, end, this);
    if (other === null) return space.remove(actor, start, end);
    const taken = this.iokit.semantics === 'xnu';
    const fate = taken ? 'that goes with it' : 'XNU takes that away too';
    const text = `${this.name} ends, but there is other memory at its addresses since: ${fate}`;
    this.iokit.violation(actor, 'dangling-mapping', text, this, other);
    if (taken) space.remove(actor, start, end);
    else space.removeOwn(actor, start, end, this);
  }

  private forgetSpace(): void {
    this.journal.set(this as IOMemoryMap, 'space', null);
    this.journal.set(this as IOMemoryMap, 'address', 0);
  }
}
