/**
 * A mapping of a descriptor's memory in device addresses: one window of the mapper, in which the pieces of the memory lie one
 * after the other. A piece is what can be contiguous for a device: where two stretches meet inside of pages, a new one begins.
 */
import { noSegment, type Segment } from './page-list.ts';

/** A range of device pages that is taken. */
export interface DeviceWindow {
  readonly first: number;
  readonly pages: number;
  /** Whether descriptors answer for what it shows: its frames are wired as long as it is there. */
  readonly backed: boolean;
}

export interface DevicePiece {
  /** Where in the descriptor it begins. */
  readonly offset: number;
  readonly length: number;
  /** Device address of its first byte. */
  readonly address: number;
}

export class DeviceMap {
  constructor(
    readonly window: DeviceWindow,
    readonly pieces: readonly DevicePiece[],
  ) {}

  /** Device address of its first byte. */
  get address(): number {
    return this.pieces[0]!.address;
  }

  /** Device address behind its last byte. */
  get end(): number {
    const last = this.pieces[this.pieces.length - 1]!;
    return last.address + last.length;
  }

  /** The device addresses from byte `offset` of the descriptor to the end of the piece. */
  segmentAt(offset: number): Segment {
    for (const piece of this.pieces) {
      const inside = offset - piece.offset;
      if (inside >= 0 && inside < piece.length) {
        return { address: piece.address + inside, length: piece.length - inside };
      }
    }
    return noSegment;
  }
}
