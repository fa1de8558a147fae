/** Apple's IOMapper, as task code sees it: device addresses for memory. There is one, the system's, on a machine with an IOMMU. */
import { kIODMAMapReadAccess, kIODMAMapWriteAccess } from '../../iokit/dma-options.ts';
import type { IOReturn } from '../../iokit/return-codes.ts';
import { calls } from '../../kernel/calls/index.ts';
import { show } from '../../kernel/wire.ts';
import { currentTask } from '../current.ts';
import { Handle, handleBrand, registerHandle } from '../handle.ts';
import { bits, descriptorId, objectOrNull } from './arguments.ts';
import type { IOMemoryDescriptor, Size } from './io-memory-descriptor.ts';

/** What the device behind a mapping can express. */
export interface IODMAMapSpecification {
  /** Bits of an address; 0 or nothing for all. */
  readonly numAddressBits?: number;
  /** Alignment of the first device page in bytes. */
  readonly alignment?: number;
}

export class IOMapper extends Handle {
  override readonly [handleBrand] = 'IOMapper';

  /** The system's mapper, without a reference; null on a machine without an IOMMU. */
  static get gSystem(): IOMapper | null {
    return objectOrNull<IOMapper | null>(currentTask().invoke(calls.systemMapper, false), IOMapper);
  }

  /** The mapper that a device is behind, with a reference: the system's for any. */
  static copyMapperForDevice(_device: unknown = null): IOMapper | null {
    return objectOrNull<IOMapper | null>(currentTask().invoke(calls.systemMapper, true), IOMapper);
  }

  /** Bytes of a page of device addresses. */
  getPageSize(): number {
    return currentTask().invoke(calls.getMapperPageSize, this.id);
  }

  /**
   * Maps `length` bytes from `descriptorOffset` of a prepared descriptor, which must stay prepared until `iovmUnmapMemory`.
   * `mapOptions` are kIODMAMap bits. `mapAddress` is that of the first byte; `mapLength` counts whole device pages.
   */
  iovmMapMemory(
    memory: IOMemoryDescriptor,
    descriptorOffset: Size,
    length: Size,
    mapOptions: number,
    mapSpecification: IODMAMapSpecification | null = null,
  ): { result: IOReturn; mapAddress: number; mapLength: number } {
    return currentTask().invoke(
      calls.iovmMapMemory,
      this.id,
      descriptorId(memory, 'memory'),
      descriptorOffset,
      length,
      bits(mapOptions),
      mapSpecification?.numAddressBits ?? 0,
      mapSpecification?.alignment ?? 1,
    );
  }

  /** Ends a mapping of `iovmMapMemory`, all of it. kIOReturnBadArgument when there is no such one. */
  iovmUnmapMemory(mapAddress: Size, mapLength: Size): IOReturn {
    return currentTask().invoke(calls.iovmUnmapMemory, this.id, mapAddress, mapLength);
  }

  /** Shows physical pages in what `IOMapperIOVMAlloc` took. Everything is in bytes and made of whole pages. */
  iovmInsert(mapOptions: number, mapAddress: Size, offset: Size, physicalAddress: Size, length: Size): IOReturn {
    return currentTask().invoke(
      calls.iovmInsert,
      this.id,
      bits(mapOptions),
      mapAddress,
      offset,
      physicalAddress,
      length,
    );
  }

  /** The physical address behind a device address; 0 when it is not mapped. */
  mapToPhysicalAddress(mapAddress: Size): number {
    return currentTask().invoke(calls.mapToPhysicalAddress, this.id, mapAddress);
  }
}
registerHandle('IOMapper', IOMapper);

/** Takes `pages` pages of device addresses (of `getPageSize` bytes) and shows nothing in them; the first one's number, or 0. */
export function IOMapperIOVMAlloc(pages: number): number {
  const mapper = IOMapper.gSystem;
  return mapper === null ? 0 : currentTask().invoke(calls.iovmAlloc, mapper.id, pages);
}

/** Numbers of pages have 32 bits. */
function checkPages(numbers: Record<string, number>): void {
  for (const [name, value] of Object.entries(numbers))
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** 32)
      throw new RangeError(`${name}: expected the number of a page, 0 to 2^32 - 1, got ${show(value)}`);
}

/** Gives up what `IOMapperIOVMAlloc` took. */
export function IOMapperIOVMFree(address: number, pages: number): void {
  checkPages({ address, pages });
  const mapper = IOMapper.gSystem;
  mapper?.iovmUnmapMemory(address * mapper.getPageSize(), pages * mapper.getPageSize());
}

/**
 * Shows physical page `page` at `offset` pages behind `address`; returns the number of the device page, which is `page` itself
 * where there is no mapper, or 0 when there is no such place.
 */
export function IOMapperInsertPage(address: number, offset: number, page: number): number {
  checkPages({ address, offset, page });
  const mapper = IOMapper.gSystem;
  if (mapper === null) return page;
  const size = mapper.getPageSize();
  const access = kIODMAMapReadAccess | kIODMAMapWriteAccess;
  return mapper.iovmInsert(access, address * size, offset * size, page * size, size) === 0 ? address + offset : 0;
}
