/** I/O Kit's return codes under their own names (xnu-reference 2.11). */
export type IOReturn = number;

export const kIOReturnSuccess = 0;
export const kIOReturnError = 0xe00002bc;
export const kIOReturnNoMemory = 0xe00002bd;
export const kIOReturnNoResources = 0xe00002be;
export const kIOReturnNotPrivileged = 0xe00002c1;
export const kIOReturnBadArgument = 0xe00002c2;
export const kIOReturnUnsupported = 0xe00002c7;
export const kIOReturnVMError = 0xe00002c8;
export const kIOReturnInternalError = 0xe00002c9;
export const kIOReturnCannotLock = 0xe00002cc;
export const kIOReturnNotReadable = 0xe00002ce;
export const kIOReturnNotWritable = 0xe00002cf;
export const kIOReturnNotAligned = 0xe00002d0;
export const kIOReturnDMAError = 0xe00002d4;
export const kIOReturnBusy = 0xe00002d5;
export const kIOReturnNotReady = 0xe00002d8;
export const kIOReturnNotAttached = 0xe00002d9;
export const kIOReturnNoSpace = 0xe00002db;
export const kIOReturnCannotWire = 0xe00002de;
export const kIOReturnMessageTooLarge = 0xe00002e1;
export const kIOReturnNotPermitted = 0xe00002e2;
export const kIOReturnUnderrun = 0xe00002e7;
export const kIOReturnOverrun = 0xe00002e8;
export const kIOReturnNotFound = 0xe00002f0;
export const kIOReturnInvalid = 0xe0000001;
