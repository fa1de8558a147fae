/** How segments are written into a device's list: the six output functions of IODMACommand, three of which cursors share. */
import {
  kIODMACommandOutputBig32,
  kIODMACommandOutputBig64,
  kIODMACommandOutputHost32,
  kIODMACommandOutputLittle32,
} from '../../iokit/dma-options.ts';

/** A stretch of memory as a device sees it. */
export interface DeviceSegment {
  readonly address: number | bigint;
  readonly length: number | bigint;
}

/** Bytes of one record: two words. */
export function recordSize(segmentFunction: number): 8 | 16 {
  return isNarrow(segmentFunction) ? 8 : 16;
}

/** The records of `segments`, one after the other. Words of 32 bits take the low half of what they are given. */
export function writeSegments(segmentFunction: number, segments: readonly DeviceSegment[]): Uint8Array {
  const size = recordSize(segmentFunction);
  const bytes = new Uint8Array(segments.length * size);
  const view = new DataView(bytes.buffer);
  const little = segmentFunction !== kIODMACommandOutputBig32 && segmentFunction !== kIODMACommandOutputBig64;
  segments.forEach(({ address, length }, i) => {
    [address, length].forEach((value, word) => {
      const at = i * size + (word * size) / 2;
      if (size === 8) view.setUint32(at, Number(BigInt.asUintN(32, BigInt(value))), little);
      else view.setBigUint64(at, BigInt(value), little);
    });
  });
  return bytes;
}

function isNarrow(segmentFunction: number): boolean {
  return (
    segmentFunction === kIODMACommandOutputHost32 ||
    segmentFunction === kIODMACommandOutputBig32 ||
    segmentFunction === kIODMACommandOutputLittle32
  );
}
