/**
 * The kernel: one synchronous, deterministic state machine. It knows tasks, threads, handles, messages and virtual time, owns
 * the address spaces and descriptors below it, and serves the table of calls. It has no clock, no chance, no I/O: the same
 * calls in the same order give the same state.
 */
import { KernelPanic, MemoryFault } from '../hardware/errors.ts';
import type { Hardware } from '../hardware/hardware.ts';
import type { Journal } from '../hardware/journal.ts';
import { IOKit } from '../iokit/iokit.ts';
import { type CopyStep, innerStep, type Steps, WaitQueue } from '../vm/steps.ts';
import type { SwapStore } from '../vm/swap-store.ts';
import { VirtualMemory } from '../vm/virtual-memory.ts';
import { ByHand } from './by-hand.ts';
import { type Call, Status } from './call.ts';
import { callTable } from './calls/index.ts';
import { DMAWatch } from './dma-watch.ts';
import type { Effects } from './effects.ts';
import { HandleError, HandleTable, machineHolder } from './handle-table.ts';
import { KernelVMClient } from './kernel-vm-client.ts';
import { MeetingPoints } from './meeting-points.ts';
import { type Observer, silent } from './observer.ts';
import { PageWatch } from './page-watch.ts';
import { PrivilegeError } from './privilege.ts';
import { aboutNothing, type RuleName } from './rules.ts';
import { Sleepers } from './sleepers.ts';
import { SnapshotWatch } from './snapshot-watch.ts';
import { KernelTask } from './task.ts';
import { KernelThread } from './thread.ts';
import { TranslationWatch } from './translation-watch.ts';
import { text } from './wire.ts';
import { Malformed, Words } from './words.ts';

export class Kernel {
  readonly journal: Journal;
  readonly vm: VirtualMemory;
  readonly iokit: IOKit;
  readonly handles: HandleTable;
  readonly tasks: KernelTask[] = [];
  readonly threads: KernelThread[] = [];
  /** Queues of `atomic.wait`, by physical address. */
  readonly addressQueues = new Map<number, WaitQueue>();
  readonly meeting: MeetingPoints;
  readonly byHand: ByHand;
  readonly dmaWatch = new DMAWatch(this);
  readonly translationWatch = new TranslationWatch(this);
  readonly pageWatch = new PageWatch(this);
  readonly snapshotWatch = new SnapshotWatch(this);
  readonly sleepers = new Sleepers(this);
  /** The last key of happens-before that was given out. */
  lastKey = 0;

  /** What the call in hand answers: result, or error. Valid until the next call. */
  readonly reply = new Words();
  /** Arguments of the call that is about to run, decoded: one list for all calls. */
  private readonly values: never[] = [];
  /** What the caller is to copy after status Copy. */
  copy: CopyStep | null = null;
  /** Whose call is being carried out, or was last: who does what happens now. */
  caller: KernelThread | null = null;
  observer: Observer = silent;
  /** Who is told what calls read and change; null while nobody asks. */
  effects: Effects | null = null;

  /** @param store where pages go that are paged out; in memory unless given */
  constructor(
    readonly hardware: Hardware,
    store: SwapStore | null = null,
  ) {
    this.journal = hardware.journal;
    this.handles = new HandleTable(this.journal);
    this.meeting = new MeetingPoints(this.journal, () => this.newKey());
    this.byHand = new ByHand(this.journal);
    this.journal.onBase(() => {
      this.sleepers.base();
      for (const thread of this.threads) thread.base();
    });
    this.journal.onRollback(() => {
      this.sleepers.rewind();
      for (const thread of this.threads) thread.rewind();
    });
    this.vm = new VirtualMemory(hardware, store);
    this.vm.client = new KernelVMClient(this);
    const kernelTask = this.addTask('kernel');
    this.iokit = new IOKit({
      vm: this.vm,
      journal: this.journal,
      semantics: hardware.configuration.semantics,
      kernelSpace: kernelTask.space,
      violation: (actor, rule, message, about, address) =>
        this.violation(actor as KernelThread, rule, message, about?.handle ?? aboutNothing, address),
    });
  }

  get configuration() {
    return this.hardware.configuration;
  }

  get kernelTask(): KernelTask {
    return this.tasks[0]!;
  }

  /** Adds a task with an empty address space; a device has one too, for its name. */
  addTask(name: string, device = false): KernelTask {
    const number = this.tasks.length;
    const task = new KernelTask(this.journal, number, name, this.vm.createSpace(number, name), device);
    this.journal.append(this.tasks, task);
    return task;
  }

  /** Adds a thread to `task`; its number is its place in the order of the scenario. */
  addThread(name: string, task: KernelTask, daemon = false, privileged = task.number === 0): KernelThread {
    const idleKey = task.device ? this.newKey() : 0;
    const thread = new KernelThread(this.threads.length, name, task, daemon, privileged, this.sleepers.letRun, idleKey);
    this.journal.append(this.threads, thread);
    this.handles.grant(task, thread);
    this.handles.grant(this.kernelTask, thread);
    return thread;
  }

  /** A caller that is the machine itself, acting inside `task`: `setup`, `check`, scripts. */
  machineThread(task: KernelTask): KernelThread {
    return new KernelThread(machineHolder, `machine in ${task.name}`, task, true, true, this.sleepers.letRun);
  }

  /** Starts call `number` with the arguments in `words`. The answer is in `reply`; nothing changes when it is Refused. */
  begin(thread: KernelThread, number: number, words: Words): number {
    this.reply.clear();
    thread.active = true;
    this.caller = thread;
    const entry = callTable[number];
    try {
      if (entry === undefined) throw new Malformed(`there is no kernel call ${number}`);
      const { parameters } = entry;
      const { values } = this;
      for (let i = 0; i < parameters.length; i++) values[i] = parameters[i]!.codec.decode(words) as never;
      if (words.at !== words.length) throw new Malformed(`${entry.name}: ${words.length - words.at} words too many`);
      if (thread.device && !forDevices.has(entry.name))
        throw new Malformed(`${thread.name} is a device: ${entry.name} is for tasks`);
      if (thread.running !== null) throw new Malformed(`${thread.name} is in ${thread.call?.name} still`);
      if (this.effects !== null) this.effects.begin(entry, thread, values);
      const result = perform(entry, this, thread, values, parameters.length);
      if (!isSteps(result)) return this.finish(entry, result);
      thread.call = entry;
      thread.running = result;
      if (this.effects !== null) this.effects.keep(thread, values);
      return this.goOn(thread, result);
    } catch (error) {
      return this.fail(thread, error);
    }
  }

  /** Takes the call that `thread` is in one step further. */
  resume(thread: KernelThread): number {
    this.reply.clear();
    this.caller = thread;
    const running = thread.running;
    if (running === null) return this.fail(thread, new Malformed(`${thread.name} is in no call`));
    if (this.effects !== null) this.effects.resume(thread);
    return this.goOn(thread, running);
  }

  private goOn(thread: KernelThread, running: Steps<unknown>): number {
    try {
      if (thread.wokenBy !== 0) {
        this.observer.acquire(thread, thread.wokenBy);
        this.journal.set(thread, 'wokenBy', 0);
      }
      const { done, value } = running.next();
      if (done) {
        thread.running = null;
        return this.finish(thread.call!, value);
      }
      if (value === innerStep) return Status.Step;
      if (value instanceof WaitQueue) {
        const spinning = value.spins ? undefined : thread.locks.find((lock) => lock.spins);
        if (spinning !== undefined) {
          running.return(undefined);
          throw new KernelPanic(`${thread.name} sleeps until ${value.subject} while it holds ${spinning.title}`);
        }
        this.sleepers.add(thread, value);
        return Status.Blocked;
      }
      this.copy = value;
      return Status.Copy;
    } catch (error) {
      thread.running = null;
      return this.fail(thread, error);
    }
  }

  /** A device has done what it was told: those who stop it go on. */
  becomeIdle(device: KernelThread): void {
    this.observer.release(device, device.idleKey);
    this.sleepers.wake(device.idle, Number.POSITIVE_INFINITY, device);
  }

  /** The function of `thread` is over. */
  endThread(thread: KernelThread): void {
    if (thread.ended) return;
    thread.ended = true;
    this.caller = thread;
    if (thread.active || thread.messages.length > 0) this.cleanUp(thread);
    if (thread.device) this.becomeIdle(thread);
  }

  private cleanUp(thread: KernelThread): void {
    if (thread.waitingIn !== null) this.sleepers.remove(thread, thread.waitingIn);
    thread.running?.return(undefined);
    thread.running = null;
    if (this.vm.releaseLocks(thread)) this.effects?.everything();
    if (thread.messages.length === 0) return;
    const undelivered = thread.messages.splice(0);
    this.journal.undo(() => thread.messages.push(...undelivered));
    if (undelivered.some(({ objects }) => objects.length > 0)) this.effects?.everything();
    for (const message of undelivered) for (const object of message.objects) object.release(thread);
  }

  /** The task is gone, with its threads, rights and address space. Wired pages stay until they are completed. */
  killTask(task: KernelTask): void {
    if (task.dead) return;
    this.journal.set(task, 'dead', true);
    const threads = this.threads.filter((thread) => thread.task === task);
    for (const thread of threads) this.endThread(thread);
    const actor = threads[0] ?? this.machineThread(task);
    this.iokit.taskDied(actor, task.space);
    if (threads.length > 0) this.handles.dropAll(actor);
    task.space.terminate(actor);
  }

  newKey(): number {
    this.journal.set(this as Kernel, 'lastKey', this.lastKey + 1);
    return this.lastKey;
  }

  /** An access is about to happen that no page table stands before: `length` bytes in one page, which `thread` reaches at `address`. */
  examine(thread: KernelThread, address: number, physical: number, length: number, access: number): void {
    if (thread.device) this.dmaWatch.check(thread, address, physical, length, access);
    else this.translationWatch.check(thread, address, physical, access);
  }

  violation(thread: KernelThread, rule: RuleName, message: string, about = aboutNothing, address = 0): void {
    this.observer.violation(thread, rule, message, about, address);
  }

  private finish(entry: Call, value: unknown): number {
    entry.result.encode(this.reply, value, entry.resultLabel);
    return Status.Done;
  }

  private fail(thread: KernelThread, error: unknown): number {
    this.reply.clear();
    if (error instanceof KernelPanic) {
      text.encode(this.reply, error.message, 'panic');
      return Status.Panicked;
    }
    if (error instanceof HandleError && error.released)
      this.violation(thread, 'use-after-release', error.message, error.handle);
    if (
      error instanceof HandleError ||
      error instanceof PrivilegeError ||
      error instanceof Malformed ||
      error instanceof RangeError ||
      error instanceof MemoryFault
    ) {
      text.encode(this.reply, error.name, 'error');
      text.encode(this.reply, error.message, 'error');
      return Status.Refused;
    }
    throw error;
  }
}

/** A device has a doorbell, interrupts and time; what it is given by accident, it cannot use. */
const forDevices = new Set(['receive', 'interrupt', 'fault', 'now', 'sleep']);

/** Few arguments are passed one by one: spreading a list costs as much as a small call. */
function perform(entry: Call, kernel: Kernel, thread: KernelThread, values: readonly never[], count: number): unknown {
  switch (count) {
    case 0:
      return entry.run(kernel, thread);
    case 1:
      return entry.run(kernel, thread, values[0]!);
    case 2:
      return entry.run(kernel, thread, values[0]!, values[1]!);
    case 3:
      return entry.run(kernel, thread, values[0]!, values[1]!, values[2]!);
    case 4:
      return entry.run(kernel, thread, values[0]!, values[1]!, values[2]!, values[3]!);
    default:
      return entry.run(kernel, thread, ...values.slice(0, count));
  }
}

/** Calls in steps return generators; results are never objects with a `next`. */
function isSteps(value: unknown): value is Steps<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { next?: unknown }).next === 'function';
}
