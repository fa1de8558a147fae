/**
 * I/O Kit's spin lock. Its holder cannot be taken off its processor, so one that sleeps while it holds it panics (the kernel
 * sees to that when a thread blocks). Spinning itself is not simulated: who waits takes no steps until the lock is free.
 */
import type { Kernel } from '../kernel.ts';
import { ExclusiveLock } from './exclusive-lock.ts';

export class IOSimpleLock extends ExclusiveLock {
  override readonly kind = 'IOSimpleLock';
  override readonly spins = true;

  constructor(kernel: Kernel, name: string) {
    super(kernel, name, true);
  }
}
