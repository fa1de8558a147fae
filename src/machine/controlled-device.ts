/**
 * A device under a schedule: a controlled task whose addresses are the bus's and whose transfers go a cache line at a time.
 * Memory that nobody keeps wired is not the device's to touch, whatever happens to lie there.
 */

import { busBeat } from '../hardware/bus-addresses.ts';
import { hex } from '../hardware/errors.ts';
import { accessRead } from '../hardware/translation-cache.ts';
import { ruleNumber } from '../kernel/rules.ts';
import { ControlledTask } from './controlled-task.ts';

const rule = ruleNumber('dma-unwired');

export class ControlledDevice extends ControlledTask {
  override readonly fragment: number = busBeat;

  override enter(operation: number, kind: number, address: number, width: number, access: number): number {
    const physical = super.enter(operation, kind, address, width, access);
    if (this.hardware.frames.wires(Math.floor(physical / this.pageSize)) === 0) {
      const verb = access === accessRead ? 'reads' : 'writes';
      this.carrier.violation(this, rule, `${this.thread} ${verb} memory at ${hex(physical)} that is not wired`);
    }
    return physical;
  }
}
