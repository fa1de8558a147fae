/** DriverKit's constants, which differ from I/O Kit's of like names (xnu-reference 2.10). */

export const kIOMemoryDirectionNone = 0;
export const kIOMemoryDirectionIn = 1;
export const kIOMemoryDirectionOut = 2;
export const kIOMemoryDirectionOutIn = kIOMemoryDirectionOut | kIOMemoryDirectionIn;
export const kIOMemoryDirectionInOut = kIOMemoryDirectionIn | kIOMemoryDirectionOut;

/** Maps show the client's memory itself, not a snapshot of it. */
export const kIOMemoryDisableCopyOnWrite = 0x00000010;

export const kIOMemoryMapFixedAddress = 0x00000001;
export const kIOMemoryMapReadOnly = 0x00000002;
export const kIOMemoryMapGuardedMask = 0x0000001c;
/** Small guard pages: a map without any must ask for it. */
export const kIOMemoryMapGuardedDefault = 0x00000000;
export const kIOMemoryMapGuardedNone = 0x00000004;
export const kIOMemoryMapGuardedSmall = 0x00000008;
export const kIOMemoryMapGuardedLarge = 0x0000000c;
export const kIOMemoryMapCacheModeDefault = 0x00000000;
export const kIOMemoryMapCacheModeInhibit = 0x00000100;
export const kIOMemoryMapCacheModeCopyback = 0x00000200;
export const kIOMemoryMapCacheModeWriteThrough = 0x00000400;
export const kIOMemoryMapCacheModeRealTime = 0x00000800;

export const kIODMACommandCreateNoOptions = 0;
export const kIODMACommandPrepareForDMANoOptions = 0;
export const kIODMACommandCompleteDMANoOptions = 0;
export const kIODMACommandPerformOperationOptionRead = 0x00000001;
export const kIODMACommandPerformOperationOptionWrite = 0x00000002;
export const kIODMACommandPerformOperationOptionZero = 0x00000004;
