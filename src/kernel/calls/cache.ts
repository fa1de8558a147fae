/** The privileged interface to the data cache: maintenance by physical address. Where devices are coherent it has nothing to do. */
import { hex } from '../../hardware/errors.ts';
import { call, parameter } from '../call.ts';
import type { Kernel } from '../kernel.ts';
import { checkPrivilege } from '../privilege.ts';
import type { KernelThread } from '../thread.ts';
import { nothing, size, u8 } from '../wire.ts';

export const cacheCalls = {
  /** Writes back, drops, or both (bits of Maintain), every line that has one of the bytes. */
  cacheMaintain: call(
    'cacheMaintain',
    [parameter('address', size), parameter('length', size), parameter('operation', u8)],
    nothing,
    (kernel, caller, address, length, operation) => {
      checkRange(kernel, caller, address, length);
      kernel.vm.maintain(caller, address, length, operation);
    },
  ),
};

function checkRange({ hardware }: Kernel, caller: KernelThread, address: number, length: number): void {
  checkPrivilege(caller, 'the data cache');
  const { size: bytes } = hardware.memory;
  if (address + length > bytes)
    throw new RangeError(
      `range: expected physical memory, which ends at ${hex(bytes)}, got ${length} bytes at ${hex(address)}`,
    );
}
