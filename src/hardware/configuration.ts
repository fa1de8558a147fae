/**
 * What a machine is built with, and the sizes that follow from it. Every thread computes them alike from the same options.
 */
export interface MachineOptions {
  /** Bytes of physical memory, 1 MiB to 8 GiB, a multiple of the page size. Default 16 MiB. */
  physicalMemory?: number;
  /** Bytes of a page: 4096 (default, as on Intel) or 16384 (as on Apple silicon). */
  pageSize?: 4096 | 16384;
  /** Whether Apple's reference page or the XNU sources decide where the two differ. Default 'documented'. */
  semantics?: 'documented' | 'xnu';
  /** The IOMMU between devices and memory, or false (default) for none: devices then use physical addresses. */
  mapper?: false | MapperOptions;
}

export interface MapperOptions {
  /** Bytes of a page of device addresses: 4096 or 16384, at most the machine's page size, which is the default. */
  pageSize?: 4096 | 16384;
  /** How many bits a device address has, 20 to 47. Default 32. */
  addressBits?: number;
}

/** What follows from the options. Without an IOMMU there is no `mapper`, so that such machines are described as ever. */
export type Configuration = Required<Omit<MachineOptions, 'mapper'>> & { readonly mapper?: Required<MapperOptions> };

const mebibyte = 2 ** 20;
const gibibyte = 2 ** 30;

/** Fills in defaults. Throws a RangeError or TypeError that names the option, its value and what was expected. */
export function configure(options: MachineOptions = {}): Configuration {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`machine options: expected an object, got ${String(options)}`);
  }
  for (const key of Object.keys(options)) {
    if (key !== 'physicalMemory' && key !== 'pageSize' && key !== 'semantics' && key !== 'mapper') {
      throw new RangeError(`machine.${key}: there is no such option (physicalMemory, pageSize, semantics, mapper)`);
    }
  }
  const pageSize = options.pageSize ?? 4096;
  if (pageSize !== 4096 && pageSize !== 16384) {
    throw new RangeError(`machine.pageSize: expected 4096 or 16384, got ${String(pageSize)}`);
  }
  const physicalMemory = options.physicalMemory ?? 16 * mebibyte;
  if (!Number.isSafeInteger(physicalMemory) || physicalMemory < mebibyte || physicalMemory > 8 * gibibyte) {
    throw new RangeError(`machine.physicalMemory: expected bytes from 1 MiB to 8 GiB, got ${String(physicalMemory)}`);
  }
  if (physicalMemory % pageSize !== 0) {
    throw new RangeError(
      `machine.physicalMemory: expected a multiple of the page size ${pageSize}, got ${physicalMemory}`,
    );
  }
  const semantics = options.semantics ?? 'documented';
  if (semantics !== 'documented' && semantics !== 'xnu') {
    throw new RangeError(`machine.semantics: expected 'documented' or 'xnu', got ${String(semantics)}`);
  }
  const configuration = { physicalMemory, pageSize, semantics } as const;
  const mapper = options.mapper ?? false;
  return mapper === false ? configuration : { ...configuration, mapper: configureMapper(mapper, pageSize) };
}

function configureMapper(options: MapperOptions, machinePageSize: 4096 | 16384): Required<MapperOptions> {
  if (typeof options !== 'object') {
    throw new TypeError(`machine.mapper: expected false or { pageSize, addressBits }, got ${String(options)}`);
  }
  for (const key of Object.keys(options)) {
    if (key !== 'pageSize' && key !== 'addressBits') {
      throw new RangeError(`machine.mapper.${key}: there is no such option (pageSize, addressBits)`);
    }
  }
  const { pageSize = machinePageSize, addressBits = 32 } = options;
  if ((pageSize !== 4096 && pageSize !== 16384) || pageSize > machinePageSize) {
    throw new RangeError(
      `machine.mapper.pageSize: expected 4096 or 16384 and at most the machine's ${machinePageSize}, got ${String(pageSize)}`,
    );
  }
  if (!Number.isInteger(addressBits) || addressBits < 20 || addressBits > 47) {
    throw new RangeError(`machine.mapper.addressBits: expected 20 to 47, got ${String(addressBits)}`);
  }
  return { pageSize, addressBits };
}
