/**
 * The path through the thread's store buffer, where the memory model has one: plain stores wait in it and plain loads look there
 * first. Atomics, bulk writes and kernel calls empty it, as part of their step; that others could have seen it half empty is what
 * schedules show in which the buffer acts just before.
 */
import { BufferedMemory } from '../hardware/buffered-memory.ts';
import type { PhysicalMemory } from '../hardware/physical-memory.ts';
import type { StoreBuffers } from '../hardware/store-buffers.ts';
import { Kind } from '../kernel/trace.ts';
import type { ControlledThread } from './controlled-thread.ts';
import { drainStore, noteDrain, settleStores } from './drains.ts';
import type { MemoryPath } from './memory-path.ts';

/** With more stores than this waiting, one goes before the next comes: an unaligned one into two pages comes in eight pieces. */
const storesBefore = 24;

export class BufferedPath implements MemoryPath {
  private readonly buffered: BufferedMemory;

  constructor(
    private readonly thread: ControlledThread,
    private readonly memory: PhysicalMemory,
    private readonly stores: StoreBuffers,
  ) {
    this.buffered = new BufferedMemory(memory, stores, thread.number);
  }

  reached(address: number, _physical: number, _width: number, write: boolean): PhysicalMemory {
    if (write) {
      // Where there is no room for another, it is the oldest that goes.
      if (this.stores.count(this.thread.number) > storesBefore) this.drainOldest();
      this.buffered.storing(this.thread.operation - 1, address);
    }
    return this.buffered;
  }

  beyond(): PhysicalMemory {
    return this.buffered;
  }

  policyBeyond(): number {
    return 0;
  }

  atomic(): PhysicalMemory {
    this.fence();
    return this.memory;
  }

  copied(address: number | null, _physical: number, _length: number, intoMemory: boolean): PhysicalMemory {
    if (intoMemory) this.fence();
    return address === null || intoMemory ? this.memory : this.buffered;
  }

  /** What was stored where nobody can tell is in memory by now. */
  settle(): void {
    const { thread, stores } = this;
    const before = stores.count(thread.number);
    settleStores(stores, thread.trace, this.actor, thread.number, (n) => thread.carrier.chosen(thread, n));
    if (stores.count(thread.number) < before) thread.carrier.spins.stirred();
  }

  fence(): void {
    const { stores } = this;
    const { number, trace } = this.thread;
    if (stores.count(number) > 0) this.thread.carrier.spins.stirred();
    while (stores.count(number) > 0) noteDrain(trace, Kind.Drained, number, stores.drain(number, 0));
  }

  private get actor(): number {
    return this.thread.carrier.firstDrain + this.thread.number;
  }

  private drainOldest(): void {
    const { thread, stores } = this;
    thread.carrier.spins.stirred();
    drainStore(stores, thread.trace, this.actor, thread.number, (n) => {
      thread.carrier.chosen(thread, n);
      return 0;
    });
  }
}
