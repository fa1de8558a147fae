/**
 * What lies behind a descriptor. It knows its memory by a task's addresses, and follows what becomes of them, until a memory reference is
 * taken: from then on it knows it by its objects (xnu-reference 3.3). Wirings and maps ask here for what there is to wire and to show.
 */
import { VM_PROT_READ, VM_PROT_WRITE } from '../vm/map-entry.ts';
import type { MemoryObject } from '../vm/memory-object.ts';
import type { Actor, Steps, Waiter } from '../vm/steps.ts';
import type { UniversalPageList } from '../vm/universal-page-list.ts';
import { memoryBehind } from './device-memory.ts';
import type { IOGeneralMemoryDescriptor } from './general-memory-descriptor.ts';
import type { IOKit } from './iokit.ts';
import { bypassesMapper } from './memory-descriptor.ts';
import { MemoryNames } from './memory-names.ts';
import { MemoryReference } from './memory-reference.ts';
import { kIODirectionOut, kIOMemoryDirectionMask, kIOMemoryMapCopyOnWrite } from './options.ts';
import type { Stretch } from './page-list.ts';
import type { AddressRange } from './ranges.ts';
import type { Source } from './source.ts';
import { gateBefore, rangesOf, stretchesOf, stretchesOfList } from './stretches.ts';
import { type View, type ViewRequest, viewThrough } from './view.ts';
import type { WiringSource } from './wiring.ts';

export class Backing implements WiringSource {
  reference: MemoryReference | null = null;
  /** With kIOMemoryMapCopyOnWrite, what maps show: the memory as it was when the first one was asked for. */
  snapshot: MemoryReference | null = null;
  /** What lies at the addresses that it was made over; null for physical memory, and once it was told to be something else. */
  names: MemoryNames | null;
  /** The page list it was made over, until the last `complete` lets it go. */
  heldPages: UniversalPageList | null;

  /** @param object what it is known by from the start: memory that was allocated for the descriptor and that no task has mapped */
  constructor(
    private readonly iokit: IOKit,
    private readonly descriptor: IOGeneralMemoryDescriptor,
    public source: Source,
    private readonly object: MemoryObject | null,
  ) {
    this.names = namesOf(source);
    this.heldPages = source.upl?.retain() ?? null;
  }

  /** Lies over other memory from now on, known by `reference` where that is taken already. */
  become(actor: Actor, source: Source, reference: MemoryReference | null): void {
    const { journal } = this.iokit;
    this.dropReference(actor);
    this.holdPages(actor, source.upl);
    journal.set(this as Backing, 'source', source);
    journal.set(this as Backing, 'names', namesOf(source));
    journal.set(this as Backing, 'reference', reference);
  }

  setOptions(options: number): void {
    this.iokit.journal.set(this as Backing, 'source', { ...this.source, options });
  }

  /** The memory reference, made if there is none yet; null when the task's memory does not allow it (xnu-reference 3.3). */
  takeReference(actor: Actor, readOnly: boolean): MemoryReference | null {
    if (this.reference !== null) return this.reference;
    if (this.spent) return null;
    if (this.object === null) this.checkNames(actor, 'a map');
    const reference = this.referenceTo(actor, this.source, readOnly);
    this.iokit.journal.set(this as Backing, 'reference', reference);
    return reference;
  }

  /** A reference to what `source` describes, held by the caller alone; null when it cannot be had. */
  referenceTo(actor: Actor, source: Source, readOnly: boolean): MemoryReference | null {
    const { options, length, runs, space } = source;
    const writes = (options & kIOMemoryDirectionMask) !== kIODirectionOut || !readOnly;
    const access = writes ? VM_PROT_READ | VM_PROT_WRITE : VM_PROT_READ;
    const { vm } = this.iokit;
    if (this.object !== null) return MemoryReference.ofObject(vm, this.object, length, access);
    return space === null
      ? MemoryReference.ofPhysical(vm, actor, this.physicalRanges(source), access)
      : MemoryReference.ofRuns(vm, actor, space, runs, access);
  }

  /** Takes the snapshot that maps are to show, where one is wanted and there is none. False when that cannot be done. */
  takeSnapshot(actor: Actor, readOnly: boolean): boolean {
    const { options, space } = this.source;
    if ((options & kIOMemoryMapCopyOnWrite) === 0 || space === null || this.snapshot !== null) return true;
    const snapshot = this.takeReference(actor, readOnly)?.snapshot(this.iokit.vm, actor) ?? null;
    this.iokit.journal.set(this as Backing, 'snapshot', snapshot);
    return snapshot !== null;
  }

  /** What a map shows, or null where it cannot be mapped. */
  view(actor: Actor, request: ViewRequest): View | null {
    const needsNoWrite = request.readOnly && request.cacheMode === 0;
    const shared = this.takeReference(actor, needsNoWrite);
    if (shared === null || !this.takeSnapshot(actor, needsNoWrite)) return null;
    const { semantics, vm } = this.iokit;
    return viewThrough(this.snapshot ?? shared, request, semantics === 'xnu', vm.pageSize, this.snapshot !== null);
  }

  /** The memory objects that it holds, each as often as it does. */
  *heldObjects(): Generator<MemoryObject> {
    for (const held of [this.reference, this.snapshot]) for (const { object } of held?.entries ?? []) yield object;
  }

  /** A page list that was completed for the last time is gone; what is prepared after that wires nothing. */
  get spent(): boolean {
    return this.source.upl !== null && this.heldPages === null;
  }

  /** Exchanges references with another: each shows from now on what the other one did. */
  exchangeReferences(other: Backing): void {
    const { reference } = this;
    this.iokit.journal.set(this as Backing, 'reference', other.reference);
    this.iokit.journal.set(other, 'reference', reference);
  }

  /** Lets go of the memory objects; it follows its task again. */
  dropReference(actor: Actor): void {
    this.snapshot?.release(actor);
    this.iokit.journal.set(this as Backing, 'snapshot', null);
    this.reference?.release(actor);
    this.iokit.journal.set(this as Backing, 'reference', null);
  }

  /** The last `complete` lets the pages of a list go. */
  dropPages(actor: Actor): void {
    this.holdPages(actor, null);
  }

  /** All of its memory is about to be found by its addresses: breaks a rule, once, where some of it was replaced since. */
  checkNames(actor: Actor, call: string): void {
    this.checkName(actor, call, this.names?.replaced());
  }

  get isKernelMemory(): boolean {
    return this.source.space === this.iokit.kernelSpace;
  }

  stretches(write: boolean): Stretch[] {
    const { pageSize } = this.iokit.vm;
    const { upl, ranges, space } = this.source;
    if (upl !== null) return this.spent ? [] : stretchesOfList(upl, ranges[0]!, pageSize);
    if (this.reference === null)
      return stretchesOf(this.iokit.vm, space!, ranges, (actor, page) =>
        this.checkName(actor, 'prepare', this.names?.replacedIn(page, page + 1)),
      );
    if (write && this.iokit.semantics === 'documented') this.reference.widen(VM_PROT_WRITE);
    return this.reference.stretches(pageSize);
  }

  beforeUnwiring(): void {
    this.descriptor.dma.beforeUnwiring(this.descriptor.name);
  }

  *ready(waiter: Waiter): Steps<void> {
    const { space } = this.source;
    if (space === null) return;
    for (;;) {
      yield* space.lock.free(waiter);
      const gate = gateBefore(this.iokit.vm, this.source, this.reference);
      if (gate === null) return;
      yield gate.queue;
    }
  }

  /** @param address one at which the memory was replaced */
  private checkName(actor: Actor, call: string, address: number | null = null): void {
    if (address === null) return;
    const { descriptor, iokit } = this;
    iokit.journal.set(this as Backing, 'names', null);
    const text = `${call} of ${descriptor.name} reaches other memory than was there when it was made: it was replaced at 0x${address.toString(16)}`;
    iokit.violation(actor, 'mistaken-identity', text, descriptor, address);
  }

  private holdPages(actor: Actor, pages: UniversalPageList | null): void {
    const before = this.heldPages;
    if (before === null && pages === null) return;
    this.iokit.journal.set(this as Backing, 'heldPages', pages?.retain() ?? null);
    before?.release(actor);
  }

  /** What processors see of physical memory: with a mapper, each device page by itself. */
  private physicalRanges({ upl, ranges, options }: Source): readonly AddressRange[] {
    if (upl !== null) return rangesOf(upl, ranges[0]!, this.iokit.vm.pageSize);
    const mapper = (options & bypassesMapper) === 0 ? this.iokit.systemMapper : null;
    return mapper === null ? ranges : memoryBehind(mapper, ranges, this.iokit.vm.hardware.memory.size);
  }
}

const namesOf = ({ space, ranges }: Source): MemoryNames | null =>
  space === null ? null : new MemoryNames(space, ranges);
