/** Traces written by hand: what the engine would have recorded, in one short line an event. */
import { Detectors } from '../../../src/detect/detectors.ts';
import type { ActorInfo, ExecutionRecord, Finding, RuleSettings } from '../../../src/detect/finding.ts';
import { type RuleName, ruleNumber } from '../../../src/kernel/rules.ts';
import { Kind, Trace } from '../../../src/kernel/trace.ts';

/** Virtual addresses in these traces are physical ones plus this, unless a test gives another. */
export const virtualBase = 0x100000000;

const loads: Record<number, number> = { 1: Kind.Load8, 2: Kind.Load16, 4: Kind.Load32, 8: Kind.Load64 };
const stores: Record<number, number> = { 1: Kind.Store8, 2: Kind.Store16, 4: Kind.Store32, 8: Kind.Store64 };

/** 'app.0' is a thread of task app; those of `kernel` are privileged. */
export function actorsNamed(...names: string[]): ActorInfo[] {
  return names.map((name) => {
    const task = name.split('.')[0]!;
    return { name, task, privileged: task === 'kernel' };
  });
}

export class TraceWriter implements ExecutionRecord {
  readonly trace = new Trace();
  readonly texts = new Map<number, string>();
  private readonly operations: number[];

  constructor(readonly actors: readonly ActorInfo[]) {
    this.operations = actors.map(() => 0);
  }

  load(actor: number, physical: number, width = 4, value = 0, address = virtualBase + physical): number {
    return this.scalar(loads[width]!, actor, physical, width, value, address);
  }

  store(actor: number, physical: number, width = 4, value = 0, address = virtualBase + physical): number {
    return this.scalar(stores[width]!, actor, physical, width, value, address);
  }

  /** A scalar across a page edge: its bytes from the next multiple of 4096 on lie at `rest`. */
  split(kind: number, actor: number, physical: number, rest: number, width: number, value = 0): number {
    const first = 4096 - (physical % 4096);
    const at = this.scalar(kind, actor, physical, first, value, virtualBase + physical);
    this.trace.append(Kind.Straddle, actor, this.operations[actor]! - 1, kind, rest, width - first, 0, 0);
    return at;
  }

  atomic(kind: number, actor: number, physical: number, before = 0, operand = 0, expected = 0): number {
    const at = this.event(kind, actor, virtualBase + physical, physical, 4, before, operand);
    if (kind === Kind.AtomicCompareExchange) this.trace.note(at, expected);
    return at;
  }

  read(actor: number, physical: number, length: number, hash = 0): number {
    return this.event(Kind.Read, actor, virtualBase + physical, physical, length, hash, hash);
  }

  write(actor: number, physical: number, length: number, hash = 0): number {
    return this.event(Kind.Write, actor, virtualBase + physical, physical, length, hash, hash);
  }

  /** The 4 KiB frame at `physical` comes back as other memory. */
  recycled(actor: number, physical: number): void {
    this.trace.append(Kind.Recycled, actor, 0, 0, physical, 4096, 0, 0);
  }

  call(actor: number, number = 1): number {
    return this.event(Kind.Call, actor, number, -1, 0, 0, 0);
  }

  acquire(actor: number, key: number): void {
    this.attach(Kind.Acquire, actor, key, 0);
  }

  release(actor: number, key: number): void {
    this.attach(Kind.Release, actor, key, 0);
  }

  /** A prepare or complete of a descriptor. */
  prepare(actor: number, handle: number): number {
    const at = this.call(actor);
    this.attach(Kind.Touch, actor, handle, 1);
    return at;
  }

  violation(actor: number, rule: RuleName, text: string): number {
    // As the engine does: it belongs to the operation that is under way, if there is one.
    const at = this.trace.append(Kind.Violation, actor, this.operations[actor]!, ruleNumber(rule), -1, 0, 0, 0);
    this.texts.set(at, text);
    return at;
  }

  /** The clock's step. */
  clock(actor: number): void {
    this.event(Kind.Clock, actor, 0, -1, 0, 1000, 0);
  }

  private scalar(kind: number, actor: number, physical: number, width: number, value: number, address: number): number {
    return this.event(kind, actor, address, physical, width, value % 2 ** 32, Math.floor(value / 2 ** 32));
  }

  private event(
    kind: number,
    actor: number,
    subject: number,
    physical: number,
    length: number,
    low: number,
    high: number,
  ): number {
    return this.trace.append(kind, actor, this.operations[actor]!++, subject, physical, length, low, high);
  }

  /** An event that belongs to the operation before it. */
  private attach(kind: number, actor: number, subject: number, low: number): number {
    return this.trace.append(kind, actor, Math.max(0, this.operations[actor]! - 1), subject, -1, 0, low, 0);
  }
}

/** What a fresh set of detectors finds in one execution. */
export function scan(record: ExecutionRecord, settings: RuleSettings = {}): { findings: Finding[]; failed: boolean } {
  const detectors = new Detectors(settings, record.actors);
  detectors.scan(record);
  return { findings: [...detectors.sink.fresh], failed: detectors.sink.failed };
}

/** The same in short: 'rule level role@operation role@operation'. */
export function stories(record: ExecutionRecord, settings: RuleSettings = {}): string[] {
  return scan(record, settings).findings.map(({ rule, level, marks }) => {
    const parts = marks.map(
      ({ at, role }) => `${record.actors[record.trace.actorAt(at)]!.name}.${record.trace.words[at + 1]} ${role}`,
    );
    return `${rule} ${level}: ${parts.join(', ')}`;
  });
}
