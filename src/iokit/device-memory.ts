/**
 * Physical memory that is described by device addresses: what a descriptor of physical ranges means on a machine with a mapper,
 * unless it was made with kIOMemoryMapperNone (xnu-reference 3.2). Processors reach it by asking the mapper, page by page.
 */
import type { IOMapper } from './mapper.ts';
import { noSegment, type Segment } from './page-list.ts';
import type { AddressRange } from './ranges.ts';

/** The memory behind the first byte of `range`, as far as it goes on without a gap. */
export function deviceMemoryAt(mapper: IOMapper, { address, length }: Segment): Segment {
  const start = mapper.toPhysical(address);
  if (start === 0) return noSegment;
  let run = mapper.pageSize - (address % mapper.pageSize);
  while (run < length && mapper.toPhysical(address + run) === start + run) run += mapper.pageSize;
  return { address: start, length: Math.min(run, length) };
}

/** The same for whole ranges. What is not mapped lies beyond all memory. */
export function memoryBehind(
  mapper: IOMapper,
  ranges: readonly AddressRange[],
  nowhere: number,
): readonly AddressRange[] {
  const found: AddressRange[] = [];
  for (const { address, length } of ranges) {
    for (let done = 0; done < length; ) {
      const segment = deviceMemoryAt(mapper, { address: address + done, length: length - done });
      if (segment.length > 0) {
        found.push(segment);
        done += segment.length;
        continue;
      }
      const rest = Math.min(length - done, mapper.pageSize - ((address + done) % mapper.pageSize));
      found.push({ address: nowhere + ((address + done) % mapper.pageSize), length: rest });
      done += rest;
    }
  }
  return found;
}
