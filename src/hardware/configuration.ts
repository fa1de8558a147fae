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
  /** Bytes of swap, a multiple of the page size, up to 16 GiB. 0 (default): nothing is ever paged out. */
  swap?: number;
  /**
   * The pager and the purger become actors of the schedule: a page may go, or an object be emptied, at any step. Default false.
   * Threads that run freely have no schedule; there it changes nothing.
   */
  memoryPressure?: boolean;
  /**
   * Translation caches forget only what they are told to: a translation that `task.kernel.translations` changed is used on by every
   * thread that has used it, until `task.kernel.shootDown`. The kernel's own calls shoot down before they return. Default false.
   */
  lateShootdown?: boolean;
  /**
   * Whether devices see what processors have in their caches. Default true. With false they see memory alone, as on machines without
   * coherent I/O: what a task stores stays in the cache until it is written back (which may happen at any step of the schedule), and
   * what a device writes is seen by tasks once stale lines are gone.
   */
  coherentDma?: boolean;
  /**
   * What is between a store and memory. 'sc' (default): nothing. 'tso': a store buffer a thread, which the thread itself sees through
   * and which empties in order, each store at any later step of the schedule, as on x86; 'pso': in any order but that of stores to the
   * same byte. Atomics, kernel calls and bulk writes empty the thread's buffer first. Threads that run freely have those of the real
   * machine instead. Needs coherent DMA.
   */
  memoryModel?: MemoryModel;
  /** The IOMMU between devices and memory, or false (default) for none: devices then use physical addresses. */
  mapper?: false | MapperOptions;
}

export type MemoryModel = (typeof memoryModels)[number];
export const memoryModels = ['sc', 'tso', 'pso'] as const;

export interface MapperOptions {
  /** Bytes of a page of device addresses: 4096 or 16384, at most the machine's page size, which is the default. */
  pageSize?: 4096 | 16384;
  /** How many bits a device address has, 20 to 47. Default 32. */
  addressBits?: number;
}

export type Configuration = Required<Omit<MachineOptions, 'mapper'>> & {
  readonly mapper: false | Required<MapperOptions>;
};

const mebibyte = 2 ** 20;
const gibibyte = 2 ** 30;

const known = [
  'physicalMemory',
  'pageSize',
  'semantics',
  'swap',
  'memoryPressure',
  'lateShootdown',
  'coherentDma',
  'memoryModel',
  'mapper',
];

/** Fills in defaults. Throws a RangeError or TypeError that names the option, its value and what was expected. */
export function configure(options: MachineOptions = {}): Configuration {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`machine options: expected an object, got ${String(options)}`);
  }
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) {
      throw new RangeError(`machine.${key}: there is no such option (${known.join(', ')})`);
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
  const swap = options.swap ?? 0;
  if (!Number.isSafeInteger(swap) || swap < 0 || swap > 16 * gibibyte || swap % pageSize !== 0) {
    throw new RangeError(
      `machine.swap: expected bytes from 0 to 16 GiB, a multiple of the page size ${pageSize}, got ${String(swap)}`,
    );
  }
  const memoryPressure = options.memoryPressure ?? false;
  if (typeof memoryPressure !== 'boolean') {
    throw new TypeError(`machine.memoryPressure: expected true or false, got ${String(memoryPressure)}`);
  }
  const lateShootdown = options.lateShootdown ?? false;
  if (typeof lateShootdown !== 'boolean') {
    throw new TypeError(`machine.lateShootdown: expected true or false, got ${String(lateShootdown)}`);
  }
  const coherentDma = options.coherentDma ?? true;
  if (typeof coherentDma !== 'boolean') {
    throw new TypeError(`machine.coherentDma: expected true or false, got ${String(coherentDma)}`);
  }
  const memoryModel = options.memoryModel ?? 'sc';
  if (!memoryModels.includes(memoryModel)) {
    throw new RangeError(`machine.memoryModel: expected 'sc', 'tso' or 'pso', got ${String(memoryModel)}`);
  }
  if (memoryModel !== 'sc' && !coherentDma) {
    throw new RangeError(`machine.memoryModel: '${memoryModel}' needs coherentDma: true, which is the default`);
  }
  const mapper = configureMapper(options.mapper ?? false, pageSize);
  return { physicalMemory, pageSize, semantics, swap, memoryPressure, lateShootdown, coherentDma, memoryModel, mapper };
}

/** What the digest of a scenario says of its machine: options that came later count only where they are used. */
export function describeConfiguration(configuration: Configuration): object {
  const { physicalMemory, pageSize, semantics, swap, memoryPressure, lateShootdown, coherentDma, memoryModel, mapper } =
    configuration;
  return {
    physicalMemory,
    pageSize,
    semantics,
    ...(swap > 0 ? { swap } : {}),
    ...(memoryPressure ? { memoryPressure } : {}),
    ...(lateShootdown ? { lateShootdown } : {}),
    ...(coherentDma ? {} : { coherentDma }),
    ...(memoryModel === 'sc' ? {} : { memoryModel }),
    ...(mapper !== false ? { mapper } : {}),
  };
}

function configureMapper(
  options: false | MapperOptions,
  machinePageSize: 4096 | 16384,
): false | Required<MapperOptions> {
  if (options === false) return false;
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
