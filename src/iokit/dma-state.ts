/**
 * What DMA knows of a descriptor: how many commands are transferring, the mapping of the whole of it that they share, and the
 * strictest demands any of them made (xnu-reference 3.11).
 *
 * The shared mapping is made when somebody first needs it and goes with the last `complete`, before the pages do.
 */
import { KernelPanic } from '../hardware/errors.ts';
import type { Actor } from '../vm/steps.ts';
import type { DeviceMap } from './device-map.ts';
import type { IOKit } from './iokit.ts';
import type { DMAMapSpecification, IOMapper } from './mapper.ts';
import type { IOMemoryDescriptor } from './memory-descriptor.ts';
import type { IOReturn } from './return-codes.ts';

export class DMAState {
  /** Commands that may be transferring now. */
  references = 0;
  /** The whole descriptor in device addresses, once somebody needed it. */
  map: DeviceMap | null = null;
  /** What devices may do through `map`: kIODMAMap bits. */
  access = 0;
  numAddressBits = 0;
  alignment = 1;

  constructor(private readonly iokit: IOKit) {}

  activate(): void {
    this.iokit.journal.set(this as DMAState, 'references', this.references + 1);
  }

  deactivate(): void {
    if (this.references === 0) throw new KernelPanic('_dmaReferences underflow');
    this.iokit.journal.set(this as DMAState, 'references', this.references - 1);
  }

  /** Makes the shared mapping suit one more command. Kept until the descriptor is initialised again. */
  demand({ numAddressBits, alignment }: DMAMapSpecification): void {
    const { journal } = this.iokit;
    if (numAddressBits !== 0 && (this.numAddressBits === 0 || numAddressBits < this.numAddressBits))
      journal.set(this as DMAState, 'numAddressBits', numAddressBits);
    if (alignment > this.alignment) journal.set(this as DMAState, 'alignment', alignment);
  }

  /** The shared mapping, made with `access` if there is none yet; a code when it cannot be. */
  shared(actor: Actor, descriptor: IOMemoryDescriptor, mapper: IOMapper, access: number): DeviceMap | IOReturn {
    if (this.map !== null) return this.map;
    const map = mapper.mapMemory(actor, descriptor, 0, descriptor.wiredLength, access, this, true);
    if (typeof map === 'number') return map;
    this.iokit.journal.set(this as DMAState, 'map', map as DeviceMap | null);
    this.iokit.journal.set(this as DMAState, 'access', access);
    return map;
  }

  /** Before the pages are let go. Panics while a command is active: its device would go on in memory that is somebody else's. */
  beforeUnwiring(name: string): void {
    if (this.references > 0) throw new KernelPanic(`complete() of ${name} while DMA is active`);
    this.dropMap();
  }

  /** The descriptor goes, or becomes another one. */
  reset(): void {
    this.dropMap();
    const { journal } = this.iokit;
    if (this.numAddressBits !== 0) journal.set(this as DMAState, 'numAddressBits', 0);
    if (this.alignment !== 1) journal.set(this as DMAState, 'alignment', 1);
  }

  private dropMap(): void {
    if (this.map === null) return;
    this.iokit.systemMapper!.unmapMemory(this.map);
    this.iokit.journal.set(this as DMAState, 'map', null as DeviceMap | null);
  }
}
