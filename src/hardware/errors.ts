/**
 * The two ways in which simulated hardware and kernel stop a program. Both cross threads, so they are recognised by `name` and
 * carry plain fields only.
 */

/** An access that the hardware refuses. A task may catch it, as a program may catch a signal. */
export class MemoryFault extends Error {
  override readonly name = 'MemoryFault';

  /**
   * @param address first byte of the refused access
   * @param access 'read' or 'write'
   * @param length bytes of the access
   * @param task name of the task whose address space refused it
   * @param reason 'not mapped', 'protected', 'out of memory' or 'bad address'
   */
  constructor(
    readonly address: number,
    readonly access: 'read' | 'write',
    readonly length: number,
    readonly task: string,
    readonly reason: string,
  ) {
    super(`${task}: ${access} of ${length} bytes at ${hex(address)}: ${reason}`);
  }
}

/** What makes the real kernel panic: the execution ends, the machine does not. */
export class KernelPanic extends Error {
  override readonly name = 'KernelPanic';
}

export function hex(value: number | bigint): string {
  return Number.isNaN(value) ? 'NaN' : `0x${value.toString(16)}`;
}
