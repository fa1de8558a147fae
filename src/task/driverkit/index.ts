/**
 * `wiredown/driverkit`: DriverKit's view of the same objects, for dexts. Thin: each call is one or two of I/O Kit's, with
 * DriverKit's checks in front.
 */
export * from '../../iokit/dext-options.ts';
export { IOBufferMemoryDescriptor } from './io-buffer-memory-descriptor.ts';
export { type IOAddressSegment, IODMACommand, type IODMACommandSpecification } from './io-dma-command.ts';
export { IOMemoryDescriptor, IOMemoryMap } from './io-memory-descriptor.ts';
export { IOUserClient } from './io-user-client.ts';
export { OSDynamicCast } from './object.ts';
