/** Calls between devices and their drivers: interrupts, and waiting until a device is idle. Doorbells are messages. */
import type { Steps } from '../../vm/steps.ts';
import { call, parameter } from '../call.ts';
import { type Effects, Shared } from '../effects.ts';
import type { Kernel } from '../kernel.ts';
import type { KernelThread } from '../thread.ts';
import { count, nothing, text } from '../wire.ts';

const name = parameter('name', text);

/** By name they are few, and devices that raise them fewer: all are one resource. */
const interrupts = (effects: Effects): void => effects.changes(Shared.Interrupts, 0);

export const deviceCalls = {
  /** Only devices raise them. */
  interrupt: call(
    'interrupt',
    [name],
    nothing,
    (kernel, caller, which) => {
      if (!caller.device) throw new RangeError(`interrupt: ${caller.name} is no device`);
      const interrupt = kernel.meeting.interrupt(which);
      interrupt.raise();
      kernel.observer.release(caller, interrupt.key);
      kernel.sleepers.wake(interrupt.queue, Number.POSITIVE_INFINITY, caller);
    },
    interrupts,
  ),

  /** Waits until the interrupt is pending and takes it; answers how often it was raised. */
  waitInterrupt: call(
    'waitInterrupt',
    [name],
    count,
    function* (kernel, caller, which): Steps<number> {
      const interrupt = kernel.meeting.interrupt(which);
      while (interrupt.pending === 0) yield interrupt.queue;
      kernel.observer.acquire(caller, interrupt.key);
      return interrupt.take();
    },
    interrupts,
  ),

  /** Waits until the device has done all that it was told and waits for more, or has ended. */
  stopDevice: call('stopDevice', [name], nothing, function* (kernel, caller, which): Steps<void> {
    const device = deviceNamed(kernel, which);
    while (!device.isIdle) yield device.idle;
    kernel.observer.acquire(caller, device.idleKey);
  }),
};

function deviceNamed(kernel: Kernel, name: string): KernelThread {
  const devices = kernel.threads.filter((thread) => thread.device);
  const device = devices.find((thread) => thread.name === name);
  if (device !== undefined) return device;
  const names = devices.map((thread) => thread.name).join(', ') || 'none';
  throw new RangeError(`stopDevice: there is no device ${JSON.stringify(name)}; there are ${names}`);
}
