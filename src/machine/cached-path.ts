/** The path through the data cache, where devices are not coherent: each access uses it as its translation's cache mode says. */
import { writeBack } from '../hardware/cache-policy.ts';
import type { DataCache } from '../hardware/data-cache.ts';
import type { PhysicalMemory } from '../hardware/physical-memory.ts';
import type { TranslationCache } from '../hardware/translation-cache.ts';
import { Kind } from '../kernel/trace.ts';
import type { ControlledThread } from './controlled-thread.ts';
import type { MemoryPath } from './memory-path.ts';

export class CachedPath implements MemoryPath {
  /**
   * @param notes whether the trace says how accesses use the cache; that a device's go past it goes without saying
   * @param isPoint whether accesses to a frame are scheduling points already
   */
  constructor(
    private readonly thread: ControlledThread,
    private readonly caches: DataCache,
    private readonly translations: TranslationCache,
    private readonly notes: boolean,
    private readonly isPoint: (frame: number) => boolean,
  ) {}

  reached(address: number, physical: number, width: number, write: boolean): PhysicalMemory {
    return this.through(physical, width, this.translations.policyAt(address), write);
  }

  beyond(address: number, physical: number, width: number, write: boolean): PhysicalMemory {
    return this.caches.open(physical, width, this.policyBeyond(address), write);
  }

  policyBeyond(address: number): number {
    return this.translations.policyAt(address);
  }

  atomic(address: number, physical: number, write: boolean): PhysicalMemory {
    return this.reached(address, physical, 4, write);
  }

  copied(address: number | null, physical: number, length: number, intoMemory: boolean): PhysicalMemory {
    const policy = address === null ? this.caches.kernelPolicy(physical) : this.translations.policyAt(address);
    return this.through(physical, length, policy, intoMemory);
  }

  settle(): void {}

  fence(): void {}

  private through(physical: number, length: number, policy: number, write: boolean): PhysicalMemory {
    if (policy !== writeBack && this.notes) this.note(policy, physical, length);
    return this.caches.open(physical, length, policy, write);
  }

  /** Notes that the next access uses the cache in a way of its own. Whether lines of that page are evicted can be noticed then. */
  private note(policy: number, physical: number, length: number): void {
    const { trace, number, operation, hardware, carrier } = this.thread;
    trace.append(Kind.CachePolicy, number, operation, policy, physical, length, 0, 0);
    const frame = Math.floor(physical / hardware.pageSize);
    if (!this.isPoint(frame)) carrier.shared(frame);
  }
}
