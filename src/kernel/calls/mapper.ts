/** Calls on the system's mapper: what drivers of devices do that map memory by themselves. */
import type { IOMapper } from '../../iokit/mapper.ts';
import { kIOReturnBadArgument, kIOReturnSuccess } from '../../iokit/return-codes.ts';
import { call, parameter } from '../call.ts';
import type { Kernel } from '../kernel.ts';
import type { KernelThread } from '../thread.ts';
import { boolean, count, handle, record, size, u8, u32 } from '../wire.ts';
import { descriptorOf } from './descriptor.ts';

const mapper = parameter('mapper', handle);

export const mapperCalls = {
  /** The system's mapper, 0 when there is none; `retained` gives a reference too. */
  systemMapper: call('systemMapper', [parameter('retained', boolean)], handle, (kernel, caller, retained) => {
    const { systemMapper } = kernel.iokit;
    if (systemMapper === null) return 0;
    return retained ? kernel.handles.give(systemMapper.retain(), caller) : kernel.handles.grant(systemMapper, caller);
  }),
  getMapperPageSize: call('getMapperPageSize', [mapper], count, (kernel, caller, id) => {
    return mapperOf(kernel, caller, id).pageSize;
  }),

  iovmMapMemory: call(
    'iovmMapMemory',
    [
      mapper,
      parameter('memory', handle),
      parameter('descriptorOffset', size),
      parameter('length', size),
      parameter('mapOptions', u32),
      parameter('numAddressBits', u8),
      parameter('alignment', u32),
    ],
    record({ result: u32, mapAddress: count, mapLength: count }),
    (kernel, caller, id, memory, offset, length, access, numAddressBits, alignment) => {
      const target = mapperOf(kernel, caller, id);
      const descriptor = descriptorOf(kernel, caller, memory);
      const made = target.mapLoosely(caller, descriptor, offset, length, access, { numAddressBits, alignment });
      if (typeof made === 'number') return { result: made, mapAddress: 0, mapLength: 0 };
      return { result: kIOReturnSuccess, mapAddress: made.address, mapLength: made.window.pages * target.pageSize };
    },
  ),
  iovmUnmapMemory: call(
    'iovmUnmapMemory',
    [mapper, parameter('mapAddress', size), parameter('mapLength', size)],
    u32,
    (kernel, caller, id, address, length) => {
      const target = mapperOf(kernel, caller, id);
      const first = Math.floor(address / target.pageSize);
      return target.freeLoosely(first, length / target.pageSize) ? kIOReturnSuccess : kIOReturnBadArgument;
    },
  ),
  iovmAlloc: call('iovmAlloc', [mapper, parameter('pages', u32)], count, (kernel, caller, id, pages) =>
    mapperOf(kernel, caller, id).allocate(caller, pages),
  ),
  iovmInsert: call(
    'iovmInsert',
    [
      mapper,
      parameter('mapOptions', u32),
      parameter('mapAddress', size),
      parameter('offset', size),
      parameter('physicalAddress', size),
      parameter('length', size),
    ],
    u32,
    (kernel, caller, id, access, mapAddress, offset, physicalAddress, length) => {
      const target = mapperOf(kernel, caller, id);
      const { pageSize } = target;
      if ([mapAddress, offset, physicalAddress, length].some((value) => value % pageSize !== 0) || length === 0)
        return kIOReturnBadArgument;
      const pages = length / pageSize;
      const first = mapAddress / pageSize;
      const inserted = target.insert(first, offset / pageSize, physicalAddress / pageSize, pages, access);
      return inserted ? kIOReturnSuccess : kIOReturnBadArgument;
    },
  ),
  mapToPhysicalAddress: call(
    'mapToPhysicalAddress',
    [mapper, parameter('mapAddress', size)],
    count,
    (kernel, caller, id, address) => mapperOf(kernel, caller, id).toPhysical(address),
  ),
};

export function mapperOf(kernel: Kernel, caller: KernelThread, id: number): IOMapper {
  return kernel.handles.lookup(id, 'IOMapper', caller) as IOMapper;
}
