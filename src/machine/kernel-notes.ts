/**
 * What the kernel tells while an execution runs, as events of the trace; and who it is due to: the thread that makes a call, or the
 * actor in whose step the kernel does something by itself.
 */
import type { Observer } from '../kernel/observer.ts';
import { aboutNothing, type RuleName, ruleNumber } from '../kernel/rules.ts';
import type { KernelThread } from '../kernel/thread.ts';
import { Kind, type Trace } from '../kernel/trace.ts';
import type { KernelObject } from '../vm/kernel-object.ts';
import type { ExecutionState } from './execution-state.ts';
import { listenToPages } from './page-history.ts';

/** An actor and the number of its operation. */
export type Doing = readonly [actor: number, operation: number];

export class KernelNotes implements Observer {
  /** Texts of Violation and Verdict events, by place in the trace. */
  readonly texts = new Map<number, string>();
  /** Who acts where no thread does: the machine itself, or the pager or purger in its step. */
  acting: number;

  /**
   * @param tasks thread → operations of it that are in the trace
   * @param machine number of the machine itself
   * @param engine hears of what decides who can go on
   */
  constructor(
    private readonly state: ExecutionState,
    private readonly trace: Trace,
    private readonly tasks: readonly { readonly recorded: number }[],
    private readonly machine: number,
    private readonly engine: Pick<Observer, 'woken' | 'reclaimed'>,
  ) {
    this.acting = machine;
  }

  clear(): void {
    if (this.texts.size > 0) this.texts.clear();
  }

  acquire(thread: KernelThread, key: number): void {
    if (thread.number >= 0) this.trace.append(Kind.Acquire, thread.number, 0, key, -1, 0, 0, 0);
  }

  release(thread: KernelThread, key: number): void {
    if (thread.number >= 0) this.trace.append(Kind.Release, thread.number, 0, key, -1, 0, 0, 0);
  }

  touch(thread: KernelThread, object: KernelObject): void {
    const { number } = thread;
    if (number >= 0) this.trace.append(Kind.Touch, number, this.recorded(number), object.handle, -1, 0, 1, 0);
  }

  recycled(thread: KernelThread, frame: number): void {
    if (thread.number >= 0) this.page(Kind.Recycled, thread.number, 0, frame);
  }

  moved(thread: KernelThread, from: number, to: number): void {
    this.page(Kind.Moved, this.actorOf(thread), from * this.pageSize, to);
  }

  pagedOut(thread: KernelThread, frame: number, key: number): void {
    this.page(Kind.PagedOut, this.actorOf(thread), key, frame);
  }

  pagedIn(thread: KernelThread, frame: number, key: number): void {
    this.page(Kind.PagedIn, this.actorOf(thread), key, frame);
  }

  reclaimed(frame: number): void {
    this.engine.reclaimed(frame);
  }

  maintained(thread: KernelThread, physical: number, length: number, operation: number): void {
    this.trace.append(Kind.Maintained, this.actorOf(thread), 0, operation, physical, length, 0, 0);
  }

  violation(
    thread: { readonly number: number },
    rule: RuleName,
    text: string,
    about = aboutNothing,
    address = 0,
  ): void {
    this.broken(thread.number, ruleNumber(rule), text, about, address);
  }

  woken(thread: KernelThread): void {
    this.engine.woken(thread);
  }

  /** `thread` (-1: the machine itself) broke the rule of that number. `about` is as rules.ts says. */
  broken(thread: number, rule: number, text: string, about = aboutNothing, address = 0): void {
    const actor = thread < 0 ? this.acting : thread;
    this.tell(Kind.Violation, actor, this.recorded(thread), rule, text, about, address);
  }

  /** Appends an event that has a text, and returns where it stands. */
  tell(
    kind: number,
    actor: number,
    operation: number,
    rule: number,
    text: string,
    about = aboutNothing,
    address = 0,
  ): number {
    const at = this.trace.append(kind, actor, operation, rule, -1, 0, about, address);
    this.texts.set(at, text);
    return at;
  }

  /** What a thread does: the operation that is under way, or comes next. */
  doingOf(thread: number): Doing {
    return [thread, this.recorded(thread)];
  }

  recorded(actor: number): number {
    return this.tasks[actor]?.recorded ?? 0;
  }

  /** From now on what happens to pages and handles is in the trace, or no longer: for the execution that tells a failure's story. */
  keepHistory(on: boolean): void {
    const { kernel } = this.state;
    const note = (fate: number, physical: number, space: number, address: number, detail: number): void => {
      const [actor, operation] = this.doing();
      const at = this.trace.append(Kind.Page, actor, operation, fate, physical, this.pageSize, space, address);
      this.trace.note(at, detail);
    };
    listenToPages(
      kernel.hardware,
      on ? (fate, frame, space, address, detail) => note(fate, frame * this.pageSize, space, address, detail) : null,
    );
    kernel.vm.entryListener = on ? (fate, space, start, end) => note(fate, -1, space, start, end) : null;
    kernel.handles.listener = on
      ? (fate, handle, holder, held) => {
          const [actor, operation] = this.doing();
          this.trace.append(Kind.Handle, actor, operation, fate, -1, held, handle, holder);
        }
      : null;
  }

  private get pageSize(): number {
    return this.state.kernel.hardware.pageSize;
  }

  private page(kind: number, actor: number, subject: number, frame: number): void {
    const { pageSize } = this;
    this.trace.append(kind, actor, 0, subject, frame * pageSize, pageSize, 0, 0);
  }

  /** Who does what happens now, and in which operation. */
  private doing(): Doing {
    const thread = this.state.kernel.caller;
    return this.doingOf(this.acting !== this.machine || thread === null ? this.acting : this.actorOf(thread));
  }

  private actorOf(thread: KernelThread): number {
    return thread.number < 0 ? this.acting : thread.number;
  }
}
