/**
 * Page faults of a controlled thread: it asks the kernel for the page, which may take several steps or none to give, and goes on where
 * it was when it is run again meanwhile. What cannot be had is a MemoryFault, as the operation's recorded result.
 */
import { MemoryFault } from '../hardware/errors.ts';
import { accessRead, type TranslationCache } from '../hardware/translation-cache.ts';
import { Status } from '../kernel/call.ts';
import { calls } from '../kernel/calls/index.ts';
import { Words } from '../kernel/words.ts';
import type { ControlledThread } from './controlled-thread.ts';
import { faultReasons } from './faults.ts';
import type { OperationLog } from './operation-log.ts';

/** So often two pages may be paged out for each other before they count as not fitting into memory. */
const mostTries = 8;

export class PageFaults {
  private readonly words = new Words();
  private faulting = false;
  /** What the fault that is under way was for. */
  private address = 0;

  constructor(
    private readonly thread: ControlledThread,
    private readonly translations: TranslationCache,
    private readonly done: OperationLog,
  ) {}

  clear(): void {
    this.faulting = false;
  }

  /** The physical address, with its page faulted in; throws MemoryFault, which is then the operation's recorded result. */
  resolve(operation: number, kind: number, subject: number, address: number, width: number, access: number): number {
    let physical = this.translations.translate(address, access);
    if (physical >= 0) return physical;
    const reason = Number.isSafeInteger(address) && address >= 0 ? this.fault(address, access) : 'bad address';
    if (reason === null) {
      physical = this.translations.translate(address, access);
      if (physical >= 0) return physical;
    }
    throw this.refuse(operation, kind, subject, address, width, access, reason ?? 'not mapped');
  }

  /** Records that an access is refused, and returns what to throw. */
  private refuse(
    operation: number,
    kind: number,
    subject: number,
    address: number,
    width: number,
    access: number,
    reason: string,
  ): unknown {
    const error = new MemoryFault(address, access === accessRead ? 'read' : 'write', width, this.thread.name, reason);
    this.done.record(operation, kind, subject, -1, width, faultReasons.indexOf(error.reason), -1);
    this.done.fail(operation, error);
    this.thread.acted(-1, 0);
    return this.done.fault(operation);
  }

  /** As `resolve`, for a scalar that reaches into a second page: neither may have been paged out for the other. */
  resolveBoth(operation: number, kind: number, address: number, width: number, access: number): number {
    for (let tries = 0; tries < mostTries; tries++) {
      this.resolve(operation, kind, address, this.thread.nextPage(address), width, access);
      const physical = this.translations.translate(address, access);
      if (physical >= 0) return physical;
      this.resolve(operation, kind, address, address, width, access);
    }
    throw this.refuse(operation, kind, address, address, width, access, 'out of memory');
  }

  /** Asks the kernel for the page. Null when it came, otherwise the reason why not. */
  private fault(address: number, access: number): string | null {
    const { carrier } = this.thread;
    if (this.faulting) {
      const reason = this.endFault(carrier.resume(this.thread));
      // Run again from the top, it may need another page first than the one it slept for.
      if (this.address === address) return reason;
    }
    const words = this.words;
    words.clear();
    calls.fault.parameters[0]!.codec.encode(words, address, 'address');
    calls.fault.parameters[1]!.codec.encode(words, access, 'access');
    this.address = address;
    this.thread.path?.fence();
    return this.endFault(carrier.begin(this.thread, calls.fault.number, words));
  }

  /** Takes a fault that stands at `begun` to its end. */
  private endFault(begun: number): string | null {
    const { carrier } = this.thread;
    let status = begun;
    while (status === Status.Step || status === Status.Blocked) {
      this.faulting = true;
      if (status === Status.Step) this.thread.stand();
      else this.thread.waitToWake();
      status = carrier.resume(this.thread);
    }
    this.faulting = false;
    carrier.spins.stirred();
    if (status !== Status.Done) return 'bad address';
    carrier.reply.at = 0;
    const code = calls.fault.result.decode(carrier.reply);
    return code === 0 ? null : (faultReasons[code] ?? 'not mapped');
  }
}
