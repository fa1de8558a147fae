/**
 * The coordinator's loop: it holds the kernel and serves the slots, asleep in `Atomics.wait` when there is nothing to do. It has
 * no other port, so that nothing reaches the kernel but through a slot.
 */

import type { Kernel } from '../../kernel/kernel.ts';
import type { Words } from '../../kernel/words.ts';
import { type Control, Head, Own, Phase } from './layout.ts';
import type { SlotServer } from './slot-server.ts';
import type { Spin } from './spin.ts';

/** What the coordinator does for one kind of machine. It answers each request, at once or later. */
export interface Service {
  fromTask(thread: number, call: number, words: Words): void;
  fromMain(call: number, words: Words): void;
  /** The worker of `thread` is gone. */
  died(thread: number): void;
  /** Does what is due without being asked; false when there was nothing. */
  progress(): boolean;
  /** Milliseconds after which something will be due. */
  patience(): number;
  /** The machine is stopped. */
  close(): void;
}

/** Looks at a kernel that is about to be rolled back, or given up; throws for what should not be. */
export type Audit = (kernel: Kernel) => void;

export class Coordinator {
  private deaths = 0;

  constructor(
    private readonly control: Control,
    private readonly server: SlotServer,
    private readonly service: Service,
    private readonly spin: Spin,
  ) {}

  /** Serves until the machine is stopped. What an audit finds passes through. */
  run(): void {
    const { control, service } = this;
    while (!control.stopped) {
      const rung = control.head(Head.Doorbell);
      let worked = this.bury();
      for (let slot = 0; slot <= control.threads; slot++) {
        if (this.server.asks(slot)) {
          this.serve(slot);
          worked = true;
        }
      }
      if (service.progress()) worked = true;
      if (!worked) this.spin.wait(control.words, Head.Doorbell, rung, service.patience());
    }
    service.close();
  }

  private serve(slot: number): void {
    const call = this.server.take(slot);
    if (call === null) return;
    try {
      if (slot === 0) this.service.fromMain(call, this.server.words);
      else this.service.fromTask(slot - 1, call, this.server.words);
    } catch (error) {
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      this.server.refuse(slot, name, message);
    }
  }

  /** Looks for workers that have died since. */
  private bury(): boolean {
    const deaths = this.control.head(Head.Deaths);
    if (deaths === this.deaths) return false;
    this.deaths = deaths;
    for (let thread = 0; thread < this.control.threads; thread++) {
      if (this.control.phase(thread) !== Phase.Dead) continue;
      Atomics.store(this.control.words, this.control.own(thread, Own.Phase), Phase.Buried);
      this.server.discard(thread + 1);
      this.service.died(thread);
    }
    return true;
  }
}
