/** What the coordinator of a script's machine starts with: a kernel in which nothing has happened. */
import { Hardware, type HardwareBuffers } from '../../hardware/hardware.ts';
import { Journal } from '../../hardware/journal.ts';
import { Kernel } from '../../kernel/kernel.ts';
import type { SwapStore } from '../../vm/swap-store.ts';
import type { Audit } from './coordinator.ts';
import type { Control } from './layout.ts';
import { MachineService } from './machine-service.ts';
import type { SlotServer } from './slot-server.ts';

export function bootMachine(
  buffers: HardwareBuffers,
  control: Control,
  server: SlotServer,
  swap: SwapStore,
  audit: Audit,
): MachineService {
  return new MachineService(new Kernel(new Hardware(buffers, new Journal()), swap), control, server, audit);
}
