/** Device addresses for one command: the descriptor's shared mapping where that suits, a mapping of its own elsewhere (3.11). */
import type { Actor } from '../vm/steps.ts';
import type { DeviceMap } from './device-map.ts';
import { dmaFlags } from './dma-memory.ts';
import { kIODMAMapReadAccess, kIODMAMapWriteAccess } from './dma-options.ts';
import { IOGeneralMemoryDescriptor } from './general-memory-descriptor.ts';
import type { DMAMapSpecification, IOMapper } from './mapper.ts';
import type { IOMemoryDescriptor } from './memory-descriptor.ts';
import {
  kIODirectionIn,
  kIODirectionOut,
  kIODirectionOutIn,
  kIOMemoryHostOnly,
  kIOMemoryPreparedReadOnly,
  kIOMemoryRemote,
} from './options.ts';
import { type IOReturn, kIOReturnNotAttached } from './return-codes.ts';

export interface CommandMap {
  /** Null where there is nothing to map: no bytes, or memory that devices never see. */
  readonly map: DeviceMap | null;
  /** Whether it is the command's to unmap. */
  readonly own: boolean;
}

const nothing: CommandMap = { map: null, own: false };

export function mapForCommand(
  actor: Actor,
  descriptor: IOMemoryDescriptor,
  mapper: IOMapper,
  specification: DMAMapSpecification,
  offset: number,
  length: number,
): CommandMap | IOReturn {
  const flags = dmaFlags(descriptor);
  if ((flags & kIOMemoryHostOnly) !== 0) return nothing;
  if ((flags & kIOMemoryRemote) !== 0) return kIOReturnNotAttached;
  if (length === 0) return nothing;
  if (sharesMap(descriptor) && offset === 0 && length === descriptor.getLength()) {
    const access = accessOf(descriptor.wiring.direction);
    const shared = descriptor.dma.shared(actor, descriptor, mapper, access);
    if (typeof shared === 'number') return shared;
    const { dma } = descriptor;
    if (suits(shared, mapper, specification) && (access & ~dma.access) === 0) return { map: shared, own: false };
    return own(mapper.mapMemory(actor, descriptor, offset, length, access, specification, true));
  }
  const readOnly = (flags & kIOMemoryPreparedReadOnly) !== 0;
  const access = readOnly ? kIODMAMapReadAccess : kIODMAMapReadAccess | kIODMAMapWriteAccess;
  return own(mapper.mapMemory(actor, descriptor, offset, length, access, specification, true));
}

/** What the direction of a `prepare` lets devices do: In is from device to memory. */
export function accessOf(direction: number): number {
  const both = (direction & kIODirectionOutIn) === 0;
  const read = both || (direction & kIODirectionOut) !== 0 ? kIODMAMapReadAccess : 0;
  return both || (direction & kIODirectionIn) !== 0 ? read | kIODMAMapWriteAccess : read;
}

/** Only memory that is wired and completed has a moment at which a shared mapping can go. */
function sharesMap(descriptor: IOMemoryDescriptor): descriptor is IOGeneralMemoryDescriptor {
  return descriptor instanceof IOGeneralMemoryDescriptor && descriptor.source.space !== null;
}

function suits(map: DeviceMap, mapper: IOMapper, { numAddressBits, alignment }: DMAMapSpecification): boolean {
  if (numAddressBits !== 0 && map.end > 2 ** numAddressBits) return false;
  return alignment <= mapper.pageSize || (map.window.first * mapper.pageSize) % alignment === 0;
}

function own(map: DeviceMap | IOReturn): CommandMap | IOReturn {
  return typeof map === 'number' ? map : { map, own: true };
}
