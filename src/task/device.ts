/**
 * A device as its own function sees it: what arrives at its doorbell, memory by bus addresses, and interrupts. It has no
 * address space, no I/O Kit, and nobody but its drivers to talk to.
 */
import { calls } from '../kernel/calls/index.ts';
import type { Task } from './task.ts';

export class Device {
  /** @param task the engine's side of it, whose addresses are the bus's */
  constructor(private readonly task: Task) {}

  /** As in the scenario: 'disk'. */
  get name(): string {
    return this.task.name;
  }

  /** The next thing that a task has sent to the device; waits for one. While it waits, the device is idle. */
  receive(): unknown {
    return this.task.receive();
  }

  // Memory by physical addresses. Throws MemoryFault where there is none; memory that is not wired is `dma-unwired`.

  /** Copies memory into the device; each cache line of 64 bytes is a step. */
  read(address: number, length: number): Uint8Array {
    return this.task.read(address, length);
  }

  /** Copies `bytes` into memory; each cache line of 64 bytes is a step. */
  write(address: number, bytes: Uint8Array): void {
    this.task.write(address, bytes);
  }

  load8(address: number): number {
    return this.task.load8(address);
  }

  load16(address: number): number {
    return this.task.load16(address);
  }

  load32(address: number): number {
    return this.task.load32(address);
  }

  load64(address: number): bigint {
    return this.task.load64(address);
  }

  store8(address: number, value: number): void {
    this.task.store8(address, value);
  }

  store16(address: number, value: number): void {
    this.task.store16(address, value);
  }

  store32(address: number, value: number): void {
    this.task.store32(address, value);
  }

  store64(address: number, value: bigint): void {
    this.task.store64(address, value);
  }

  /** Raises the interrupt of that name: it stays pending until a task takes it with `waitInterrupt`. */
  interrupt(name: string): void {
    this.task.invoke(calls.interrupt, name);
  }

  // Time, chance and results, as for tasks.

  /** Virtual time in nanoseconds. */
  now(): number {
    return this.task.now();
  }

  sleep(nanoseconds: number): void {
    this.task.sleep(nanoseconds);
  }

  random(): number {
    return this.task.random();
  }

  /** A number from 0 to n - 1 that the exploration chooses. */
  choose(n: number): number {
    return this.task.choose(n);
  }

  yield(): void {
    this.task.yield();
  }

  assert(condition: unknown, message?: string): void {
    this.task.assert(condition, message);
  }

  log(...values: unknown[]): void {
    this.task.log(...values);
  }
}
