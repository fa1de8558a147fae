/** The options of memory descriptors and maps, under I/O Kit's names (xnu-reference 2.1 to 2.3, 2.5, 2.7). */

export const kIODirectionNone = 0x0;
/** Data flows into memory: from a device. */
export const kIODirectionIn = 0x1;
/** Data flows out of memory: to a device. */
export const kIODirectionOut = 0x2;
export const kIODirectionOutIn = kIODirectionOut | kIODirectionIn;
export const kIODirectionInOut = kIODirectionIn | kIODirectionOut;
/** For `prepare`: frames below 4 GiB only. */
export const kIODirectionPrepareToPhys32 = 0x00000004;
/** For `prepare`: fail if a page is not resident. */
export const kIODirectionPrepareNoFault = 0x00000008;
/** For `prepare`: pages that do not exist yet are neither zeroed nor accessible until a device has filled them. Private in I/O Kit. */
export const kIODirectionPrepareNoZeroFill = 0x00000010;
/** For `prepare`: the device is not coherent. */
export const kIODirectionPrepareNonCoherent = 0x00000020;
/** For `complete`: nothing (more) came from the device. */
export const kIODirectionCompleteWithError = 0x00000040;
/** For `complete`: what the device was to fill is filled. */
export const kIODirectionCompleteWithDataValid = 0x00000080;
/** For `prepare`: fail rather than slow the task down. Nothing is ever slowed down here. Private in I/O Kit. */
export const kIODirectionPrepareAvoidThrottling = 0x00000100;

export const kIOMemoryDirectionMask = 0x00000007;
/** Wire at initialisation. Private in I/O Kit. */
export const kIOMemoryAutoPrepare = 0x00000008;
export const kIOMemoryTypeVirtual = 0x00000010;
export const kIOMemoryTypePhysical = 0x00000020;
/** Addresses have 64 bits anyway. */
export const kIOMemoryTypeVirtual64 = kIOMemoryTypeVirtual;
export const kIOMemoryTypePhysical64 = kIOMemoryTypePhysical;
export const kIOMemoryTypeUPL = 0x00000030;
export const kIOMemoryTypePersistentMD = 0x00000040;
export const kIOMemoryTypeUIO = 0x00000050;
export const kIOMemoryTypeMask = 0x000000f0;
export const kIOMemoryAsReference = 0x00000100;
export const kIOMemoryBufferPageable = 0x00000400;
export const kIOMemoryMapperNone = 0x00000800;
/** Never visible to devices; implies kIOMemoryMapperNone. */
export const kIOMemoryHostOnly = 0x00001000;
/** State, in `getFlags` only: accesses through its maps are held back. */
export const kIOMemoryRedirected = 0x00004000;
/** State, in `getFlags` only: the present wiring is read-only. */
export const kIOMemoryPreparedReadOnly = 0x00008000;
export const kIOMemoryPersistent = 0x00010000;
export const kIOMemoryMapCopyOnWrite = 0x00020000;
/** Memory of another machine; implies kIOMemoryMapperNone. */
export const kIOMemoryRemote = 0x00040000;
export const kIOMemoryThreadSafe = 0x00100000;
export const kIOMemoryClearEncrypt = 0x00200000;
export const kIOMemoryBufferPurgeable = 0x00400000;
export const kIOMemoryUseReserve = 0x00800000;
/** Where `getFlags` of a buffer shows the cache mode that it was made with; modes 8 and 9 do not fit. */
export const kIOMemoryBufferCacheMask = 0x70000000;
export const kIOMemoryBufferCacheShift = 28;

/** Options of IOBufferMemoryDescriptor: a space of their own, though the bits collide with those of other descriptors. */
export const kIOMemoryPhysicallyContiguous = 0x00000010;
export const kIOMemoryPageable = 0x00000020;
export const kIOMemoryPurgeable = 0x00000040;
export const kIOMemoryHostPhysicallyContiguous = 0x00000080;
export const kIOMemorySharingTypeMask = 0x000f0000;
export const kIOMemoryUnshared = 0x00000000;
export const kIOMemoryKernelUserShared = 0x00010000;

export const kIOMapAnywhere = 0x00000001;
export const kIOMapCacheMask = 0x00000f00;
export const kIOMapCacheShift = 8;
export const kIOMapDefaultCache = 0;
export const kIOMapInhibitCache = 0x00000100;
export const kIOMapWriteThruCache = 0x00000200;
export const kIOMapCopybackCache = 0x00000300;
export const kIOMapWriteCombineCache = 0x00000400;
export const kIOMapCopybackInnerCache = 0x00000500;
export const kIOMapPostedWrite = 0x00000600;
export const kIOMapRealTimeCache = 0x00000700;
export const kIOMapPostedReordered = 0x00000800;
export const kIOMapPostedCombinedReordered = 0x00000900;
export const kIOMapUserOptionsMask = 0x00000fff;
export const kIOMapReadOnly = 0x00001000;
export const kIOMapStatic = 0x01000000;
export const kIOMapReference = 0x02000000;
export const kIOMapUnique = 0x04000000;
export const kIOMapPrefault = 0x10000000;
export const kIOMapOverwrite = 0x20000000;
export const kIOMapGuardedMask = 0xc0000000;
export const kIOMapGuardedSmall = 0x40000000;
export const kIOMapGuardedLarge = 0x80000000;

/** States of `setPurgeable`, and how a volatile object is lined up. */
export const kIOMemoryPurgeableKeepCurrent = 1;
export const kIOMemoryPurgeableNonVolatile = 2;
export const kIOMemoryPurgeableVolatile = 3;
export const kIOMemoryPurgeableEmpty = 4;
export const kIOMemoryPurgeableVolatileGroup0 = 0x000;
export const kIOMemoryPurgeableVolatileGroup1 = 0x100;
export const kIOMemoryPurgeableVolatileGroup2 = 0x200;
export const kIOMemoryPurgeableVolatileGroup3 = 0x300;
export const kIOMemoryPurgeableVolatileGroup4 = 0x400;
export const kIOMemoryPurgeableVolatileGroup5 = 0x500;
export const kIOMemoryPurgeableVolatileGroup6 = 0x600;
export const kIOMemoryPurgeableVolatileGroup7 = 0x700;
export const kIOMemoryPurgeableVolatileBehaviorFifo = 0x00;
export const kIOMemoryPurgeableVolatileBehaviorLifo = 0x40;
export const kIOMemoryPurgeableVolatileOrderingNormal = 0x00;
export const kIOMemoryPurgeableVolatileOrderingObsolete = 0x20;
export const kIOMemoryPurgeableFaultOnAccess = 0x2000;

/** Operations of `performOperation`. */
export const kIOMemoryIncoherentIOFlush = 1;
export const kIOMemoryIncoherentIOStore = 2;
export const kIOMemoryClearEncrypted = 50;
export const kIOMemorySetEncrypted = 51;

export const kIOPreparationIDUnprepared = 0;
export const kIOPreparationIDUnsupported = 1;
export const kIOPreparationIDAlwaysPrepared = 2;
export const kIODescriptorIDInvalid = 0;
