/**
 * A machine and its model side by side: tasks with two threads each, what they have, and the checks that follow every command.
 * The first thread of a task never sleeps; the second one may.
 */
import * as assert from 'uvu/assert';
import type { IOReturn } from '../../src/iokit/return-codes.ts';
import { calls } from '../../src/kernel/calls/index.ts';
import { checkInvariants } from '../../src/kernel/invariants.ts';
import type { RuleName } from '../../src/kernel/rules.ts';
import type { KernelTask } from '../../src/kernel/task.ts';
import type { KernelThread } from '../../src/kernel/thread.ts';
import type { TestMachine } from '../support/machine.ts';
import { checkNothingLeft } from '../support/nothing-left.ts';
import { Actor } from './actor.ts';
import type { Connection } from './commands/clients.ts';
import type { Lock } from './commands/locks.ts';
import type { Message } from './commands/threads.ts';
import type { Configuration } from './configuration.ts';
import type { Description } from './descriptions.ts';
import type { Command } from './dma-command.ts';
import type { Mapping } from './mappings.ts';
import { Page, type Purgeable, readPlaces, Space, sameBytes, writePlaces } from './pages.ts';
import type { Pick } from './pick.ts';
import { read, readWrite, write } from './root.ts';

export interface TaskModel {
  readonly state: KernelTask;
  readonly space: Space;
  readonly actors: readonly [Actor, Actor];
}

/** Memory that a task mapped for itself. */
export interface Region {
  readonly task: TaskModel;
  readonly address: number;
  readonly pages: number;
  /** Set while it is the whole of a purgeable object. */
  readonly purgeable: Purgeable | null;
}

/** A memory object that a task has a handle of. */
export interface Held {
  readonly id: number;
  readonly owner: number;
  readonly pages: readonly Page[];
}

const mostBytes = 48;
export const mostDescriptions = 14;

/**
 * What random commands do all the time, and what no result depends on: to look at what was emptied, to use a descriptor of memory that was
 * replaced. Tests of their own tell when these are broken.
 */
const unpredicted: ReadonlySet<RuleName> = new Set(['purgeable-contract', 'mistaken-identity']);

export class World {
  readonly pageSize: number;
  readonly documented: boolean;
  readonly kernel: TaskModel;
  readonly tasks: TaskModel[];
  regions: Region[] = [];
  objects: Held[] = [];
  descriptions: Description[] = [];
  mappings: Mapping[] = [];
  commands: Command[] = [];
  connections: Connection[] = [];
  locks: Lock[] = [];
  /** What commands were about lately. */
  readonly recent: object[] = [];
  readonly messages = new Map<Actor, Message[]>();
  readonly device: Actor;
  /** How often the device has raised its interrupt since a task took it. */
  pending = 0;
  /** Memory at one address in every task. */
  readonly shared: { readonly address: number; readonly pages: readonly Page[] };
  /** Memory of the kernel whose physical address is known for good. */
  readonly fixed: { readonly physical: number; readonly pages: readonly Page[] };
  private readonly woken: KernelThread[] = [];
  private expected: RuleName[] = [];
  private next = 1;
  private deaths = 0;

  /** @param machine as `machineFor` made it, or rolled back to that */
  constructor(
    readonly configuration: Configuration,
    readonly machine: TestMachine,
  ) {
    const { semantics, pageSize } = configuration;
    this.pageSize = pageSize;
    this.documented = semantics === 'documented';
    const { kernelState } = this.machine;
    // A run that failed may have left some.
    this.machine.violations.length = 0;
    this.machine.kernelState.observer = { ...kernelState.observer, woken: (thread) => this.woken.push(thread) };
    const sharedAddress = this.machine.share(2 * pageSize);
    this.shared = { address: sharedAddress, pages: this.newPages(2) };
    this.tasks = kernelState.tasks.map((task) => this.taskModel(task));
    this.kernel = this.tasks[0]!;
    this.device = new Actor(kernelState, kernelState.addTask('disk', true), 'disk');
    this.messages.set(this.device, []);
    const [driver] = this.kernel.actors;
    const address = driver.call(calls.allocateWired, 2 * pageSize, 0, true, readWrite);
    for (const page of [0, 1]) driver.task.load8(address + page * pageSize);
    assert.is(
      this.machine.frameOf(this.machine.kernel, address + pageSize),
      this.machine.frameOf(this.machine.kernel, address) + 1,
    );
    this.fixed = { physical: this.machine.frameOf(this.machine.kernel, address) * pageSize, pages: this.newPages(2) };
    this.kernel.space.show(address, this.fixed.pages, readWrite, readWrite);
    this.introduce();
    this.check();
  }

  get live(): readonly TaskModel[] {
    return this.tasks.filter(({ state }) => !state.dead);
  }

  /** A thread that is awake, of that task or of any. */
  actor(pick: Pick, task = pick.of(this.live)): Actor {
    const free = task.actors.filter(({ isFree }) => isFree);
    return pick.of(free);
  }

  /** A thread of the kernel, where drivers run. */
  driver(pick: Pick): Actor {
    return this.actor(pick, this.kernel);
  }

  /** Who may use what belongs to the task of that number. */
  ownerOf(pick: Pick, { owner }: { readonly owner: number }): Actor {
    return this.actor(pick, this.taskOf(owner));
  }

  taskOf(number: number): TaskModel {
    return this.tasks.find(({ state }) => state.number === number)!;
  }

  taskFor(actor: Actor): TaskModel {
    return this.taskOf(actor.holder);
  }

  newPages(count: number, purgeable: Purgeable | null = null): Page[] {
    return Array.from({ length: count }, () => new Page(this.pageSize, purgeable));
  }

  fresh(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) bytes[i] = (this.next = Math.imul(this.next, 1_664_525) + 1_013_904_223) >>> 24;
    return bytes;
  }

  /** Loads through a task's addresses are what its space says: bytes, or a fault. */
  load(actor: Actor, address: number, most = mostBytes): void {
    const { space } = this.taskFor(actor);
    const length = Math.max(1, Math.min(most, mostBytes));
    const places = space.places(address, length, read);
    if (places !== null) sameBytes(actor.task.read(address, length), readPlaces(places), `${actor.name} at ${address}`);
    else if (space.places(address, 1, read) === null) this.faults(() => actor.task.load8(address));
  }

  store(actor: Actor, address: number, most = mostBytes): void {
    const { space } = this.taskFor(actor);
    const bytes = this.fresh(Math.max(1, Math.min(most, mostBytes)));
    const places = space.places(address, bytes.length, write);
    if (places !== null) {
      actor.task.write(address, bytes);
      writePlaces(places, bytes);
    } else if (space.places(address, 1, write) === null) this.faults(() => actor.task.store8(address, 1));
  }

  faults(body: () => void): void {
    assert.throws(body, (error: Error) => error.name === 'MemoryFault');
  }

  /** The command that is under way breaks this rule, on purpose. */
  expectViolation(rule: RuleName): void {
    this.expected.push(rule);
  }

  is(code: IOReturn, wanted: IOReturn, what: string): void {
    assert.is(code.toString(16), wanted.toString(16), what);
  }

  /** A task dies with all that it had; another one takes its place. */
  kill(task: TaskModel): void {
    const { number, name } = task.state;
    this.machine.kernelState.killTask(task.state);
    for (const actor of task.actors) this.messages.delete(actor);
    this.regions = this.regions.filter((region) => region.task !== task);
    task.space.slots.clear();
    for (const mapping of this.mappings) mapping.taskDied(task);
    for (const connection of this.connections) if (connection.owner === number) connection.close();
    const isLost = ({ owner }: { readonly owner: number }): boolean => owner === number;
    for (const command of this.commands.filter(isLost)) {
      // The sources never release the memory of a command that goes with it.
      if (command.memory !== null && !this.documented) this.expectViolation('leak');
      command.lose();
    }
    this.commands = this.commands.filter((one) => !isLost(one));
    this.connections = this.connections.filter((one) => one.holder !== number);
    this.locks = this.locks.filter((one) => !isLost(one));
    this.objects = this.objects.filter((one) => !isLost(one));
    for (const lost of this.descriptions.filter(isLost)) {
      lost.forget();
      for (const { of } of lost.parts) of.uses--;
    }
    this.descriptions = this.descriptions.filter((one) => !isLost(one));
    for (const mapping of [...this.mappings]) mapping.dropAll(number);
    const before = this.tasks.indexOf(task);
    const state = this.machine.kernelState.addTask(`${name.split('.')[0]}.${++this.deaths}`);
    this.tasks[before] = this.taskModel(state);
    this.introduce();
  }

  /** Runs until nobody is left who was woken, and checks all that must hold between commands. */
  check(): void {
    const actors = [this.device, ...this.tasks.flatMap((task) => task.actors)];
    for (let thread = this.woken.shift(); thread !== undefined; thread = this.woken.shift())
      actors.find((actor) => actor.thread === thread)?.wake();
    const broken = this.machine.violations.splice(0).filter((rule) => !unpredicted.has(rule));
    assert.equal(broken, this.expected.splice(0));
    this.lookForPurged();
    assert.equal(checkInvariants(this.machine.kernelState), []);
  }

  /** Everything that can be seen is as the model says; then everything is given up, and nothing is left. */
  end(): void {
    for (const { space, actors } of this.live) {
      const [actor] = actors;
      for (const [page, { rights, page: seen }] of space.slots)
        if ((rights & read) !== 0 && seen !== null)
          sameBytes(actor.task.read(page * this.pageSize, this.pageSize), seen.read(0, this.pageSize));
    }
    this.check();
    checkNothingLeft(this.machine.kernelState);
  }

  /** Whether memory is emptied under pressure is the kernel's choice among what is volatile. */
  private lookForPurged(): void {
    const { purgeQueue } = this.machine.kernelState.vm;
    for (const { purgeable, task, address } of this.regions) {
      if (purgeable === null || purgeable.state !== 3) continue;
      const object = task.state.space.lookup(address)!.object!;
      if (purgeQueue.objects.includes(object)) continue;
      purgeable.state = 4;
      purgeable.empty();
    }
  }

  private taskModel(state: KernelTask): TaskModel {
    const { kernelState } = this.machine;
    const [first, second] = [0, 1].map((i) => new Actor(kernelState, state, `${state.name}:${i}`));
    const space = new Space(this.pageSize);
    // What is shared is there from the start; who comes later has none of it.
    if (this.deaths === 0) space.show(this.shared.address, this.shared.pages, readWrite, readWrite);
    const model: TaskModel = { state, space, actors: [first!, second!] };
    for (const actor of model.actors) this.messages.set(actor, []);
    return model;
  }

  /** Everybody has the handle of every task. */
  private introduce(): void {
    const { kernelState } = this.machine;
    for (const { actors } of this.tasks)
      for (const { thread } of actors) for (const task of kernelState.tasks) kernelState.handles.grant(task, thread);
  }
}
