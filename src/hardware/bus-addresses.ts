/**
 * What a device's addresses mean: physical memory itself, or what the IOMMU makes of them. It stands where a task has its translation
 * cache, so that a transfer takes the same road as a load; a miss of the IOMMU's cache is filled by the kernel, as a page fault is.
 */
import { uncached } from './cache-policy.ts';
import type { Hardware } from './hardware.ts';
import { TranslationCache } from './translation-cache.ts';

/** Bytes of one step of a transfer: a cache line. */
export const busBeat = 64;

export class BusAddresses extends TranslationCache {
  private readonly bytes: number;
  private readonly first: number;
  private readonly words: Int32Array;
  private shown: { readonly words: Int32Array; readonly at: number } | null = null;

  /** @param isLive false makes every address invalid, so that a loop of accesses comes out when its thread is to stop */
  constructor(
    private readonly hardware: Hardware,
    private readonly isLive: () => boolean = () => true,
  ) {
    super(hardware.tables, hardware.frames, hardware.pageSize, 0);
    this.bytes = hardware.configuration.physicalMemory;
    // Frame 0 belongs to nobody, so that an address of 0 is none.
    this.first = hardware.pageSize;
    this.words = hardware.tables.epochs;
  }

  /** It keeps no translation: whatever epoch it is, this thread has seen it. */
  override publish(words: Int32Array, at: number): void {
    this.shown = { words, at };
    Atomics.store(words, at, this.words[0]!);
  }

  override translate(address: number, access: number): number {
    if (this.shown !== null) Atomics.store(this.shown.words, this.shown.at, Atomics.load(this.words, 0));
    return this.isLive() ? this.reach(address, 1, access) : -1;
  }

  /** Devices are outside of what processors keep coherent among themselves. */
  override policyAt(): number {
    return uncached;
  }

  /**
   * The physical address of `length` bytes at `address` on the bus, all in one page, when the device may access them (VM_PROT
   * bits); -1 otherwise.
   */
  private reach(address: number, length: number, access: number): number {
    const { iommu } = this.hardware;
    if (iommu !== null) return Math.max(-1, iommu.cached(address, access));
    return Number.isSafeInteger(address) && address >= this.first && address + length <= this.bytes ? address : -1;
  }
}
