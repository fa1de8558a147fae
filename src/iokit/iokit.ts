/** I/O Kit's own state: which descriptors and maps exist, the lock they share, and the serial numbers they are given. */
import type { Journal } from '../hardware/journal.ts';
import type { AddressSpace } from '../vm/address-space.ts';
import type { KernelObject } from '../vm/kernel-object.ts';
import { SleepLock } from '../vm/lock.ts';
import { Serials } from '../vm/serials.ts';
import type { Actor } from '../vm/steps.ts';
import type { VirtualMemory } from '../vm/virtual-memory.ts';
import type { IODMACommand } from './dma-command.ts';
import type { IOKitEnvironment, IOKitRule } from './environment.ts';
import type { IOGeneralMemoryDescriptor } from './general-memory-descriptor.ts';
import type { IOMemoryMap } from './io-memory-map.ts';
import type { IOUserClient } from './io-user-client.ts';
import { IOMapper } from './mapper.ts';
import { Registry } from './registry.ts';

/** Preparation ids start here, so that they cannot be mistaken for the reserved values. */
const firstPreparationId = 2 ** 32;
const idsPerPool = 2 ** 33;

export class IOKit {
  readonly vm: VirtualMemory;
  readonly journal: Journal;
  readonly semantics: 'documented' | 'xnu';
  readonly kernelSpace: AddressSpace;
  /** The one lock that copies through thread-safe descriptors hold from end to end. */
  readonly globalLock: SleepLock;
  /**
   * Copies go a page at a time, each a step of the schedule (execution.md, rule 2). Where nobody schedules, whole segments are
   * much faster; the machine's own copies, which nobody can interrupt, are whole in any case.
   */
  copiesWholeSegments = false;
  readonly descriptors: Registry<IOGeneralMemoryDescriptor>;
  readonly maps: Registry<IOMemoryMap>;
  readonly commands: Registry<IODMACommand>;
  readonly userClients: Registry<IOUserClient>;
  /** Frames that stand for memory which lies too high for a device. */
  readonly substitutes: Registry<number>;
  /** What stands between devices and memory; null when nothing does. */
  readonly systemMapper: IOMapper | null;
  /** Objects that the sources never release (a command's descriptor, where the command goes with it). */
  readonly leaked: KernelObject[] = [];
  /** Places given out by `nextMapOrder`. */
  mapsMade = 0;
  private readonly serials: Serials;

  constructor(private readonly environment: IOKitEnvironment) {
    this.vm = environment.vm;
    this.journal = environment.journal;
    this.semantics = environment.semantics;
    this.kernelSpace = environment.kernelSpace;
    this.serials = new Serials(this.journal);
    this.descriptors = new Registry(this.journal);
    this.maps = new Registry(this.journal);
    this.commands = new Registry(this.journal);
    this.userClients = new Registry(this.journal);
    this.substitutes = new Registry(this.journal);
    this.globalLock = new SleepLock(this.journal, 'the global memory lock of I/O Kit');
    const { iommu } = this.vm.hardware;
    this.systemMapper = iommu === null ? null : new IOMapper(this, iommu);
  }

  violation(actor: Actor, rule: IOKitRule, text: string, about: KernelObject | null = null, address = 0): void {
    this.environment.violation(actor, rule, text, about, address);
  }

  /** Keeps `object` for ever, as the sources do, and says so. */
  leak(actor: Actor, object: KernelObject, text: string): void {
    this.violation(actor, 'leak', text);
    this.journal.append(this.leaked, object);
  }

  newDescriptorId(actor: Actor): number {
    return actor.pool * idsPerPool + this.serials.take(actor);
  }

  newPreparationId(actor: Actor): number {
    return firstPreparationId + actor.pool * idsPerPool + this.serials.take(actor) - 1;
  }

  /** Maps of a dead task show nothing any more. Its address space is about to go, so nothing is unmapped one by one. */
  taskDied(actor: Actor, space: AddressSpace): void {
    for (const map of this.maps) map.taskDied(actor, space);
    for (const client of this.userClients) if (client.owner === space.number) client.clientDied(actor);
  }

  /** Every `prepare` that nobody completed, with the holder (a task's number) that called it. */
  *unbalancedPrepares(): Generator<{ holder: number; text: string }> {
    const wired = [...this.descriptors].filter((descriptor) => descriptor.wiring.wireCount > 0);
    for (const descriptor of wired.sort((a, b) => a.handle - b.handle)) {
      for (const [holder, count] of descriptor.prepares.outstanding()) {
        const prepares = count === 1 ? 'a prepare' : `${count} prepares`;
        yield { holder, text: `${prepares} of ${descriptor.name} without complete` };
      }
    }
  }

  /** The next place in the order of a descriptor's maps. */
  nextMapOrder(): number {
    this.journal.set(this as IOKit, 'mapsMade', this.mapsMade + 1);
    return this.mapsMade;
  }
}
