/**
 * The library: scenarios and what tasks use in them, I/O Kit's classes and constants, exploring and replaying, machines for
 * scripts. Everything else is internal.
 */

export { check, explore, Machine, merge, minimise, replay, stress, work } from './entrances.ts';
export type { MergedExploration, MergeOptions } from './explore/merge.ts';
export type { ExploreOptions, Progress, ReplayOptions } from './explore/options.ts';
export type { ShardReport, Worked, WorkOptions } from './explore/queue/worker.ts';
export type {
  Exploration,
  Failure,
  Histogram,
  OrderFlip,
  PastStep,
  Replay,
  Site,
  TraceEstimate,
  TraceStep,
} from './explore/results.ts';
export { ScenarioFailure } from './explore/scenario-failure.ts';
export type { StressOptions } from './explore/stress.ts';
export type { MachineOptions, MapperOptions } from './hardware/configuration.ts';
export { KernelPanic, MemoryFault } from './hardware/errors.ts';
export * from './iokit/dma-options.ts';
export * from './iokit/options.ts';
export * from './iokit/return-codes.ts';
export { HandleError } from './kernel/handle-table.ts';
export type { Inspection } from './kernel/inspection.ts';
export { PrivilegeError } from './kernel/privilege.ts';
export type { RuleLevel, RuleName } from './kernel/rules.ts';
export { ScenarioError, UsageError } from './machine/errors.ts';
export { Device } from './task/device.ts';
export type { SegmentOptions } from './task/iokit/dma-arguments.ts';
export { IOBufferMemoryDescriptor } from './task/iokit/io-buffer-memory-descriptor.ts';
export { type InitElement, IODeviceMemory } from './task/iokit/io-device-memory.ts';
export { IODMACommand, type IOVMSegment } from './task/iokit/io-dma-command.ts';
export { IOGuardPageMemoryDescriptor } from './task/iokit/io-guard-page-memory-descriptor.ts';
export { IOInterleavedMemoryDescriptor } from './task/iokit/io-interleaved-memory-descriptor.ts';
export { IOLock } from './task/iokit/io-lock.ts';
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
export { IOMultiMemoryDescriptor } from './task/iokit/io-multi-memory-descriptor.ts';
export { IORecursiveLock } from './task/iokit/io-recursive-lock.ts';
export { IORWLock } from './task/iokit/io-rw-lock.ts';
export { IOSimpleLock } from './task/iokit/io-simple-lock.ts';
export { IOSubMemoryDescriptor } from './task/iokit/io-sub-memory-descriptor.ts';
export { IOUserClient } from './task/iokit/io-user-client.ts';
export type { LockEvent } from './task/iokit/lock-handle.ts';
export { MemoryObject } from './task/iokit/memory-object.ts';
export { UPL } from './task/iokit/upl.ts';
export type { FrameAccess, PrivilegedFrames } from './task/privileged/privileged-frames.ts';
export type { PrivilegedKernel } from './task/privileged/privileged-kernel.ts';
export type {
  EnterOptions,
  MapEntrySnapshot,
  PrivilegedSpace,
  PrivilegedTranslations,
} from './task/privileged/privileged-space.ts';
export {
  type DeviceFunction,
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
  type RemapOptions,
  type Task,
  VM_PROT_NONE,
  VM_PROT_READ,
  VM_PROT_WRITE,
} from './task/task.ts';
export {
  THREAD_ABORTSAFE,
  THREAD_AWAKENED,
  THREAD_INTERRUPTIBLE,
  THREAD_TIMED_OUT,
  THREAD_UNINT,
} from './vm/wait-result.ts';
