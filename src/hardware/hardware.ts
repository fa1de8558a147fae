/**
 * The hardware of one machine: physical memory, frame table and page tables over two shared buffers. Every thread that is
 * given the same buffers sees the same hardware.
 */
import type { Configuration } from './configuration.ts';
import { type CacheBuffers, DataCache } from './data-cache.ts';
import { FrameTable } from './frame-table.ts';
import { Iommu } from './iommu.ts';
import { Journal } from './journal.ts';
import { LateTranslationCache, LateTranslations } from './late-translations.ts';
import { PageTables } from './page-table.ts';
import { PhysicalMemory } from './physical-memory.ts';
import { StoreBuffers } from './store-buffers.ts';
import { TranslationCache } from './translation-cache.ts';

/** What has to cross to another thread for it to see the same hardware. */
export interface HardwareBuffers {
  readonly configuration: Configuration;
  readonly memory: SharedArrayBuffer;
  readonly tables: SharedArrayBuffer;
  /** Null where devices are coherent. */
  readonly cache: CacheBuffers | null;
  /** Null where stores reach memory at once. */
  readonly stores: SharedArrayBuffer | null;
}

export class Hardware {
  readonly configuration: Configuration;
  readonly pageSize: number;
  readonly memory: PhysicalMemory;
  readonly frames: FrameTable;
  readonly tables: PageTables;
  /** Between devices and memory; null where devices use physical addresses. */
  readonly iommu: Iommu | null;
  /** What processors' translation caches hold, where they forget late; null where they always follow the page tables. */
  readonly late: LateTranslations | null;
  /** Between processors and memory; null where devices see what is in it, so that nobody can tell that it is there. */
  readonly caches: DataCache | null;
  /** Between a thread under a schedule and memory; null where stores reach it at once. */
  readonly stores: StoreBuffers | null;

  /** `journal` is the kernel's own in the thread that holds the kernel; everybody else needs none. */
  constructor(
    readonly buffers: HardwareBuffers,
    readonly journal: Journal = new Journal(),
  ) {
    this.configuration = buffers.configuration;
    this.pageSize = this.configuration.pageSize;
    const frames = this.configuration.physicalMemory / this.pageSize;
    this.memory = new PhysicalMemory(buffers.memory);
    this.frames = new FrameTable(buffers.tables, 0, frames, journal);
    this.frames.marksReferences = this.configuration.swap > 0;
    this.tables = new PageTables(buffers.tables, FrameTable.bytes(frames), frames, journal);
    const { mapper, physicalMemory } = this.configuration;
    const tablesEnd = FrameTable.bytes(frames) + PageTables.bytes(frames);
    this.iommu = mapper === false ? null : new Iommu(buffers.tables, tablesEnd, mapper, physicalMemory, journal);
    const lateAt = tablesEnd + (mapper === false ? 0 : Iommu.bytes(mapper, physicalMemory));
    this.late = this.configuration.lateShootdown
      ? new LateTranslations(buffers.tables, lateAt, this.tables, this.frames, journal)
      : null;
    this.tables.shootDown = this.late;
    const { memory, pageSize } = this;
    this.caches = buffers.cache === null ? null : new DataCache(buffers.cache, memory, pageSize, journal);
    const { memoryModel } = this.configuration;
    this.stores = buffers.stores === null ? null : new StoreBuffers(buffers.stores, this, memoryModel === 'tso');
    this.tables.stores = this.stores;
    journal.onRollback(() => {
      if (this.frames.takeMarksChanged()) this.tables.invalidate();
    });
  }

  /** Builds hardware with every frame free and zero. */
  static build(configuration: Configuration): Hardware {
    const { mapper, physicalMemory, pageSize, coherentDma, memoryModel } = configuration;
    const frames = physicalMemory / pageSize;
    const iommu = mapper === false ? 0 : Iommu.bytes(mapper, physicalMemory);
    const late = configuration.lateShootdown ? LateTranslations.bytes : 0;
    const hardware = new Hardware({
      configuration,
      memory: new SharedArrayBuffer(physicalMemory),
      tables: new SharedArrayBuffer(FrameTable.bytes(frames) + PageTables.bytes(frames) + iommu + late),
      cache: coherentDma ? null : DataCache.buffers(physicalMemory, pageSize),
      stores: memoryModel === 'sc' ? null : new SharedArrayBuffer(StoreBuffers.bytes),
    });
    hardware.frames.initialise();
    return hardware;
  }

  /** Keeps the words of memory that are about to be overwritten, where executions are rolled back. */
  preserve(physical: number, length: number): void {
    const journal = this.journal;
    if (!journal.recording) return;
    const words = this.memory.words;
    const last = physical + length - 1;
    if (last < 2 ** 31 && last >>> 2 === physical >>> 2) journal.save(words, physical >>> 2);
    else if (last < 2 ** 31) for (let at = physical >>> 2; at <= last >>> 2; at++) journal.save(words, at);
    else for (let at = Math.floor(physical / 4); at <= Math.floor(last / 4); at++) journal.save(words, at);
  }

  /** Copies a page frame to another one. */
  copyFrame(from: number, to: number): void {
    const { pageSize } = this;
    this.preserve(to * pageSize, pageSize);
    this.memory.words.copyWithin((to * pageSize) / 4, (from * pageSize) / 4, ((from + 1) * pageSize) / 4);
  }

  /** Fills a page frame with zero; what is zero already costs no entry of the journal. */
  zeroFrame(frame: number): void {
    const { words } = this.memory;
    const start = (frame * this.pageSize) / 4;
    for (let at = start; at < start + this.pageSize / 4; at++) if (words[at] !== 0) this.journal.word(words, at, 0);
  }

  /** For whoever always sees what the page tables say: the machine itself, and threads that run freely. */
  translationCache(space: number): TranslationCache {
    return new TranslationCache(this.tables, this.frames, this.pageSize, space);
  }

  /** For a thread under a schedule, by its number. */
  processorCache(space: number, thread: number): TranslationCache {
    const { late, tables, frames, pageSize } = this;
    return late === null
      ? this.translationCache(space)
      : new LateTranslationCache(late, tables, frames, pageSize, space, thread);
  }
}
