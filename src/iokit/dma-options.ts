/** Options of DMA mappings and commands, under I/O Kit's names (xnu-reference 2.8, 2.9). */

/** For `iovmMapMemory`: what a device may do. */
export const kIODMAMapReadAccess = 0x00000001;
export const kIODMAMapWriteAccess = 0x00000002;

/**
 * How segments are written out: address and length as words of 32 or of 64 bits, in the host's (little-endian) order or in a
 * given one. In C++ these are functions; the 32-bit ones cut longer addresses off without a word, and so do these.
 */
export const kIODMACommandOutputHost32 = 1;
export const kIODMACommandOutputBig32 = 2;
export const kIODMACommandOutputLittle32 = 3;
export const kIODMACommandOutputHost64 = 4;
export const kIODMACommandOutputBig64 = 5;
export const kIODMACommandOutputLittle64 = 6;
