import { mappingTypeMask, unmapped } from '../../src/iokit/dma-specification.ts';
import { kIODirectionIn, kIODirectionOut } from '../../src/iokit/options.ts';
import type { Description } from './descriptions.ts';
import { part, readPlaces, writePlaces } from './pages.ts';
export interface Specification {
  readonly segmentFunction: number;
  readonly numAddressBits: number;
  readonly maxSegmentSize: number;
  readonly maxTransferSize: number;
  readonly alignment: number;
  readonly alignmentLength: number;
  readonly alignmentInternalSegments: number;
  readonly mappingOptions: number;
}

export class Command {
  memory: Description | null = null;
  active = 0;
  offset = 0;
  length = 0;
  /** What the device uses in place of the memory; null while it uses the memory itself. */
  bounce: Uint8Array | null = null;

  constructor(
    readonly id: number,
    readonly owner: number,
    public specification: Specification | null,
  ) {}

  attach(memory: Description): void {
    this.memory = memory;
    memory.uses++;
    for (const root of memory.roots) root.busy++;
  }

  detach(): void {
    if (this.memory === null) return;
    this.memory.uses--;
    for (const root of this.memory.roots) root.busy--;
    this.memory = null;
  }

  /** It goes without completing anything. */
  lose(): void {
    this.active = 0;
    this.bounce = null;
    this.detach();
  }

  get places() {
    return part(this.memory!.places!, this.offset, this.length);
  }

  /** What the device finds. */
  get seen(): Uint8Array {
    return this.bounce ?? readPlaces(this.places);
  }

  get throughMapper(): boolean {
    return (this.specification!.mappingOptions & mappingTypeMask) !== unmapped;
  }

  copyOut(): void {
    if (this.bounce !== null && this.memory!.direction !== kIODirectionIn) this.bounce = readPlaces(this.places);
  }

  copyIn(): void {
    if (this.bounce !== null && this.memory!.direction !== kIODirectionOut) writePlaces(this.places, this.bounce);
  }

  end(copies: boolean): void {
    this.active--;
    if (this.active > 0) return;
    if (copies) this.copyIn();
    this.bounce = null;
  }
}
