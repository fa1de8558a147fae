/** Who may use what the kernel itself stands on: threads of `kernel`, threads in `kernelMode`, and the machine in `setup` and `check`. */
import type { KernelThread } from './thread.ts';

export class PrivilegeError extends TypeError {
  override readonly name = 'PrivilegeError';
}

/** Throws PrivilegeError unless `caller` runs as the kernel does. */
export function checkPrivilege(caller: KernelThread, what: string): void {
  if (caller.privileged) return;
  throw new PrivilegeError(
    `${caller.name}: ${what} is for the kernel: make it a thread of 'kernel', or wrap its function in kernelMode()`,
  );
}
