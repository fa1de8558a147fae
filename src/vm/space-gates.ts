/**
 * Who has to wait before memory of an address space can be touched: where a gate is shut before it, or what will be there is still to come.
 */
import type { AccessGate } from './access-gate.ts';
import type { AddressSpace } from './address-space.ts';
import type { MapEntry } from './map-entry.ts';
import type { WaitQueue } from './steps.ts';
import { dropTranslations } from './translations.ts';
import type { VirtualMemory } from './virtual-memory.ts';

export class SpaceGates {
  constructor(
    private readonly vm: VirtualMemory,
    private readonly space: AddressSpace,
  ) {}

  /** The first gate that is shut before the pages from `start` to before `end`, or null. */
  firstIn(start: number, end: number): AccessGate | null {
    if (this.vm.shutGates === 0) return null;
    for (const entry of this.space.entries.overlapping(this.vm.truncatePage(start), end)) {
      const gate = entry.object === null ? null : this.of(entry, Math.max(start, entry.start));
      if (gate !== null) return gate;
    }
    return null;
  }

  /** Whom to wait for before the pages from `start` to before `end`: what the first of them that must be waited for says; null: nobody. */
  awaitedIn(start: number, end: number): WaitQueue | null {
    for (const entry of this.space.entries.overlapping(this.vm.truncatePage(start), end)) {
      if (entry.object === null) continue;
      const from = Math.max(this.vm.truncatePage(start), entry.start);
      const to = entry.object.absent.size === 0 ? from + 1 : Math.min(end, entry.end);
      for (let at = from; at < to; at += this.vm.pageSize) {
        const queue = this.awaited(at);
        if (queue !== null) return queue;
      }
    }
    return null;
  }

  /** Puts a gate before whole pages: their translations go, and accesses wait until it is opened. */
  shut(start: number, end: number, gate: AccessGate): void {
    this.vm.countGates(1);
    for (const entry of this.space.clip(start, end)) {
      dropTranslations(this.vm, this.space, entry);
      this.vm.journal.set(entry, 'gate', gate as AccessGate | null);
    }
  }

  /** Takes the gate away, wherever it is left between `start` and `end`, and lets those go on who waited. */
  open(start: number, end: number, gate: AccessGate): void {
    this.vm.countGates(-1);
    for (const entry of this.space.entries.overlapping(start, end)) {
      if (entry.gate === gate) this.vm.journal.set(entry, 'gate', null);
    }
    gate.wake();
  }

  /** The gate that an access to `address`, in `entry`, has to wait at, or null. */
  of(entry: MapEntry, address: number): AccessGate | null {
    if (this.vm.shutGates === 0) return null;
    return entry.gate ?? entry.object?.gateAt(this.indexOf(entry, address)) ?? null;
  }

  /**
   * Whom to wait for before `address` can be touched: a gate is shut before it, or what will be there is still to come. Null:
   * nobody, also where nothing is mapped.
   */
  private awaited(address: number): WaitQueue | null {
    const entry = this.space.entries.at(address);
    if (entry === null || entry.object === null) return null;
    const gate = this.of(entry, address);
    if (gate !== null) return gate.queue;
    return entry.object.absent.size === 0 ? null : (entry.object.absent.get(this.indexOf(entry, address)) ?? null);
  }

  private indexOf(entry: MapEntry, address: number): number {
    return Math.floor((address - entry.start + entry.offset) / this.vm.pageSize);
  }
}
