/**
 * The library: scenarios and what tasks use in them, I/O Kit's classes and constants, exploring and replaying, machines for
 * scripts. Everything else is internal.
 */

export { check, explore, Machine, minimise, replay, stress } from './entrances.ts';
export type { ExploreOptions, Progress } from './explore/options.ts';
export type { ReplayOptions } from './explore/replay.ts';
export type { Exploration, Failure, Histogram, Replay, Site, TraceStep } from './explore/results.ts';
export { ScenarioFailure } from './explore/scenario-failure.ts';
export type { StressOptions } from './explore/stress.ts';
export type { MachineOptions, MapperOptions } from './hardware/configuration.ts';
export { KernelPanic, MemoryFault } from './hardware/errors.ts';
export * from './iokit/dma-options.ts';
export * from './iokit/options.ts';
export * from './iokit/return-codes.ts';
export { HandleError } from './kernel/handle-table.ts';
export type { RuleLevel, RuleName } from './kernel/rules.ts';
export { ScenarioError, UsageError } from './machine/errors.ts';
export type { SegmentOptions } from './task/iokit/dma-arguments.ts';
export { IODMACommand, type IOVMSegment } from './task/iokit/io-dma-command.ts';
export {
  type IODMAMapSpecification,
  IOMapper,
  IOMapperInsertPage,
  IOMapperIOVMAlloc,
  IOMapperIOVMFree,
} from './task/iokit/io-mapper.ts';
export {
  type CursorResult,
  IOBigMemoryCursor,
  IOLittleMemoryCursor,
  IOMemoryCursor,
  IONaturalMemoryCursor,
} from './task/iokit/io-memory-cursor.ts';
export { IOMemoryDescriptor } from './task/iokit/io-memory-descriptor.ts';
export { IOMemoryMap } from './task/iokit/io-memory-map.ts';
export { IOSubMemoryDescriptor } from './task/iokit/io-sub-memory-descriptor.ts';
export { MemoryObject } from './task/iokit/memory-object.ts';
export {
  daemon,
  defineScenario,
  kernelMode,
  type Outcome,
  type Scenario,
  type ScenarioMachine,
  type ThreadFunction,
  threads,
} from './task/scenario.ts';
export {
  type AllocateOptions,
  type MapOptions,
  type Task,
  VM_PROT_NONE,
  VM_PROT_READ,
  VM_PROT_WRITE,
} from './task/task.ts';
