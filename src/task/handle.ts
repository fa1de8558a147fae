/**
 * Handles: what task code holds in place of kernel objects. A handle is a number with methods; the object stays in the kernel.
 * Recognised by a brand, not by `instanceof`, since several instances of this library may meet in one thread.
 */
import { calls } from '../kernel/calls/index.ts';
import { currentTask } from './current.ts';

export const handleBrand: unique symbol = Symbol.for('wiredown.handle') as never;

export interface Branded {
  /** Name of the class: 'IOMemoryDescriptor', 'IOMemoryMap', 'MemoryObject', 'Task'. */
  readonly [handleBrand]: string;
  /** Slot and generation in one number. */
  readonly id: number;
}

export function isHandle(value: unknown): value is Branded {
  return typeof value === 'object' && value !== null && handleBrand in value;
}

/** The number to pass for an argument that is a handle of class `kind`; 0 for null. Throws a TypeError. */
export function handleId(value: unknown, kind: string, what: string): number {
  if (value === null || value === undefined) return 0;
  if (isHandle(value) && value[handleBrand] === kind) return value.id;
  const got = isHandle(value)
    ? `a handle of ${value[handleBrand]}`
    : typeof value === 'object'
      ? 'another object'
      : String(value);
  throw new TypeError(`${what}: expected a handle of ${kind} or null, got ${got}`);
}

export abstract class Handle implements Branded {
  abstract readonly [handleBrand]: string;

  constructor(readonly id: number) {}

  /** Takes one more reference for the running task. */
  retain(): void {
    currentTask().invoke(calls.retain, this.id);
  }

  /** Drops one reference; the object goes with its last one, and every handle of it is stale from then on. */
  release(): void {
    currentTask().invoke(calls.release, this.id);
  }

  getRetainCount(): number {
    return currentTask().invoke(calls.getRetainCount, this.id);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

type HandleClass = new (id: number) => Branded;

const classes = new Map<string, HandleClass>();

/** Says which class stands for kernel objects of `kind`. Each class calls it once, where it is defined. */
export function registerHandle(kind: string, handleClass: HandleClass): void {
  classes.set(kind, handleClass);
}

/** A fresh handle object for a number that arrived in a message. */
export function makeHandle(kind: string, id: number): Branded {
  const HandleOfKind = classes.get(kind);
  if (HandleOfKind === undefined) throw new TypeError(`there is no class for handles of ${kind}`);
  return new HandleOfKind(id);
}

/** A task named by another one: good as an argument wherever a task is expected. */
export class TaskHandle extends Handle {
  override readonly [handleBrand] = 'Task';
}
registerHandle('Task', TaskHandle);
