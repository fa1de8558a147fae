/**
 * The IOMMU: what stands between devices and memory. A page table of its own says which device pages show which physical ones
 * and with what rights, and a translation cache on the device's side (IOTLB) remembers what devices have used.
 *
 * Taking a page out of the table does not take it out of the cache: until it is flushed a device still gets through, as on real
 * hardware. The cache never forgets by itself, since nobody may rely on its doing so. Only the thread that holds the kernel
 * translates, because a translation fills the cache.
 */
import type { MapperOptions } from './configuration.ts';
import type { Journal } from './journal.ts';
import type { PageListener } from './page-fate.ts';
import { PageTables, pteFrameShift, pteRead, pteRights, pteWrite } from './page-table.ts';

/** What `translate` answers when it refuses. */
export const iommuNotMapped = -1;
export const iommuNotPermitted = -2;
export const iommuBadAddress = -3;

/** The reason for a refusal in words. */
export function iommuReason(refusal: number): string {
  if (refusal === iommuNotMapped) return 'not mapped';
  return refusal === iommuNotPermitted ? 'protected' : 'bad address';
}

/** There is one space of device addresses. */
const space = 0;

export class Iommu {
  readonly pageSize: number;
  /** Device addresses are below it. */
  readonly addressLimit: number;
  private readonly table: PageTables;
  private readonly cache: PageTables;

  /** What one table may need: as many pages as physical memory has, and again as many for addresses apart. */
  static bytes({ pageSize }: Required<MapperOptions>, physicalMemory: number): number {
    return 2 * PageTables.bytes(physicalMemory / pageSize);
  }

  constructor(
    buffer: SharedArrayBuffer,
    offset: number,
    { pageSize, addressBits }: Required<MapperOptions>,
    private readonly physicalMemory: number,
    journal: Journal,
  ) {
    const pages = physicalMemory / pageSize;
    this.pageSize = pageSize;
    this.addressLimit = 2 ** addressBits;
    this.table = new PageTables(buffer, offset, pages, journal);
    this.cache = new PageTables(buffer, offset + PageTables.bytes(pages), pages, journal);
  }

  /** Has changes of the table told, with the numbers of physical pages, in the IOMMU's page size, in place of frames. */
  listen(listener: PageListener | null): void {
    this.table.listener = listener;
  }

  /** All of its words: for hashing. */
  get state(): readonly Int32Array[] {
    return [...this.table.state, ...this.cache.state];
  }

  /**
   * Lets device page `page` show physical page `physicalPage` (both numbered in the IOMMU's page size) with `rights`, bits of
   * accessRead and accessWrite. False when there is no such memory, or no room for another table.
   */
  map(page: number, physicalPage: number, rights: number): boolean {
    if ((physicalPage + 1) * this.pageSize > this.physicalMemory) return false;
    return this.table.set(space, page, (physicalPage << pteFrameShift) | (rights & (pteRead | pteWrite)));
  }

  /** Takes `count` pages out of the table. Devices that have used them still can, until `flush`. */
  unmap(page: number, count: number): void {
    for (let at = page; at < page + count; at++) this.table.clear(space, at);
  }

  /** Takes `count` pages out of the translation cache. */
  flush(page: number, count: number): void {
    for (let at = page; at < page + count; at++) this.cache.clear(space, at);
  }

  /**
   * The physical address behind `address` for a device's access (accessRead or accessWrite), or a negative refusal. What was
   * used is cached with the rights it had then.
   */
  translate(address: number, access: number): number {
    if (!Number.isSafeInteger(address) || address < 0 || address >= this.addressLimit) return iommuBadAddress;
    const page = Math.floor(address / this.pageSize);
    let entry = this.cache.entry(space, page);
    if (entry === 0) {
      entry = this.table.entry(space, page);
      if ((entry & access) !== 0) this.cache.set(space, page, entry);
    }
    if (entry === 0) return iommuNotMapped;
    if ((entry & access) === 0) return iommuNotPermitted;
    return (entry >>> pteFrameShift) * this.pageSize + (address % this.pageSize);
  }

  /** What `translate` answers where the cache has it, otherwise a refusal: for whoever may not fill the cache. */
  cached(address: number, access: number): number {
    if (!Number.isSafeInteger(address) || address < 0 || address >= this.addressLimit) return iommuBadAddress;
    const entry = this.cache.entry(space, Math.floor(address / this.pageSize));
    if ((entry & access) === 0) return iommuNotMapped;
    return (entry >>> pteFrameShift) * this.pageSize + (address % this.pageSize);
  }

  /** The physical page that the table has for device page `page`, whatever its rights; -1 where there is none. */
  lookup(page: number): number {
    const entry = this.table.entry(space, page);
    return entry === 0 ? -1 : entry >>> pteFrameShift;
  }

  /** Whether the table, and not just the cache, lets a device reach `physical` at `address` for `access`. */
  shows(address: number, physical: number, access: number): boolean {
    const entry = this.table.entry(space, Math.floor(address / this.pageSize));
    return (entry & access) !== 0 && entry >>> pteFrameShift === Math.floor(physical / this.pageSize);
  }

  /** The physical pages that devices can reach at device page `page`: of the table, and what the cache has beside it. */
  reached(page: number): [physicalPage: number, where: string][] {
    const table = this.table.entry(space, page);
    const cache = this.cache.entry(space, page);
    const found: [number, string][] = table === 0 ? [] : [[table >>> pteFrameShift, '']];
    if (cache !== 0 && cache !== table) found.push([cache >>> pteFrameShift, ', which was not flushed']);
    return found;
  }

  /** Everything that is mapped, then everything that is cached: for checks. */
  translations(): { table: DeviceTranslation[]; cache: DeviceTranslation[] } {
    return { table: listed(this.table), cache: listed(this.cache) };
  }
}

/** One page of device addresses. */
export interface DeviceTranslation {
  readonly page: number;
  readonly physicalPage: number;
  readonly rights: number;
}

function listed(tables: PageTables): DeviceTranslation[] {
  return [...tables.translations(space)].map(([page, entry]) => {
    return { page, physicalPage: entry >>> pteFrameShift, rights: entry & pteRights };
  });
}
