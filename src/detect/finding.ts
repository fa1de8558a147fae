/**
 * What detectors produce and what they work on. A detector reads one finished execution (its trace and who took part) and
 * reports findings; it keeps nothing from one execution to the next but buffers.
 */
import { type RuleLevel, type RuleName, ruleNames, ruleNumber } from '../kernel/rules.ts';
import { isStep, type Trace } from '../kernel/trace.ts';
import { PlaceTable } from './place-table.ts';

/** Who took part: a simulated thread, or another actor of the schedule (the clock). */
export interface ActorInfo {
  /** 'client', 'kernel.submit', 'clock' */
  readonly name: string;
  /** Name of the task whose address space it runs in. */
  readonly task: string;
  /** A thread of `kernel`, or one wrapped in `kernelMode`. */
  readonly privileged: boolean;
  /**
   * What it is where it is no thread of a task's. The data cache takes part only where devices do not see what is in it, a thread's
   * store buffer only where the memory model has one.
   */
  readonly sort?: 'device' | 'cache' | 'stores';
}

export interface ExecutionRecord {
  readonly trace: Trace;
  readonly actors: readonly ActorInfo[];
  /** Texts of Violation events, by the event's place in the trace. */
  readonly texts: ReadonlyMap<number, string>;
}

/** A place in the trace that a finding points at, with its part in the story: "first fetch", "store between". */
export interface Mark {
  readonly at: number;
  readonly role: string;
}

export interface Finding {
  readonly rule: RuleName;
  readonly level: 'fail' | 'note';
  readonly message: string;
  /** The events it is about, in the order of the story. The last one decides which step the failure is dated to. */
  readonly marks: readonly Mark[];
  /** Same key, same failure: made of rule, actors and operation numbers (execution.md, rule 9). */
  readonly key: number;
  readonly subject?: Subject;
}

/** What a finding is about: what the event `noted` says, where kernel or engine saw it; the page of a physical address; an object. */
export type Subject = { readonly noted: number } | { readonly physical: number } | { readonly handle: number };

export interface Detector {
  /** Reads the execution and reports to the sink it was made with. Must not allocate where nothing new is found. */
  scan(record: ExecutionRecord): void;
}

export type RuleSettings = Partial<Record<RuleName, RuleLevel>>;

// A group: the last execution that had it; twice how many had it, and 1 more when it is a failure.
const groupSize = 2;
/** So many are numbered before they are numbered anew: a number is a word. */
const mostExecutions = 2 ** 30;

/** Collects findings of a campaign, each group once, and says whether the execution in hand failed. */
export class FindingSink {
  /** Whether the execution in hand broke a rule that is set to fail. Reset by `begin`. */
  failed = false;
  /** New groups found in the execution in hand, in the order they were reported. Reset by `begin`. */
  readonly fresh: Finding[] = [];
  /** Key → 1 + the number of its group. */
  private readonly groups = new PlaceTable();
  /** By group, `groupSize` words each. */
  private tally = new Int32Array(64 * groupSize);
  /** Groups that have a number, or that one is reserved for. */
  private count = 0;
  private reserved = 0;
  private execution = 0;
  /** The execution in hand at the last `forget`: what was counted in it or before is no more. */
  private forgotten = 0;
  private readonly settings: (RuleLevel | undefined)[];

  constructor(settings: RuleSettings = {}) {
    this.settings = ruleNames.map((name) => settings[name]);
  }

  begin(): void {
    this.failed = false;
    if (this.fresh.length > 0) this.fresh.length = 0;
    this.execution++;
  }

  /** The level of a rule: as set by the user, otherwise `usual`. */
  level(rule: RuleName, usual: RuleLevel = 'fail'): RuleLevel {
    return this.settings[ruleNumber(rule)] ?? usual;
  }

  /**
   * Notes that the execution in hand has group `key`; more than once is no matter. True when it is the first of the campaign:
   * only then does the detector build the finding and pass it to `report`. The level of a group is always the same.
   */
  isNew(key: number, level: 'fail' | 'note', number = -1): boolean {
    const { groups } = this;
    const word = groups.enter(key);
    const known = groups.words[word]! - 1;
    if (known >= 0) {
      this.again(known);
      return false;
    }
    const group = number < 0 ? this.count++ : number;
    groups.words[word] = group + 1;
    this.add(group, level);
    return true;
  }

  /** Numbers for `count` groups, of which the detector knows each by its number: the first of them. Before the first execution. */
  reserve(count: number): number {
    const first = this.count;
    this.count += count;
    this.reserved = this.count;
    this.makeRoom();
    return first;
  }

  /**
   * `isNew` for a group with a reserved number, if the detector has met it since the last `forget`; false otherwise. Far cheaper, for
   * detectors that meet thousands of known groups in an execution.
   */
  again(number: number): boolean {
    const { tally, execution } = this;
    const at = number * groupSize;
    const last = tally[at]!;
    if (last <= this.forgotten) return false;
    if (last === execution) return true;
    tally[at] = execution;
    const twice = tally[at + 1]! + 2;
    tally[at + 1] = twice;
    if ((twice & 1) === 1) this.failed = true;
    return true;
  }

  report(finding: Finding): void {
    this.fresh.push(finding);
  }

  /** How many executions had a group. */
  occurrences(key: number): number {
    const word = this.groups.find(key);
    return word < 0 ? 0 : this.tally[(this.groups.words[word]! - 1) * groupSize + 1]! >> 1;
  }

  /** Lets every group be new again (replay, minimising). */
  forget(): void {
    this.groups.clear();
    this.count = this.reserved;
    if (this.execution > mostExecutions) {
      this.tally.fill(0);
      this.execution = 0;
    }
    this.forgotten = this.execution;
  }

  private add(group: number, level: 'fail' | 'note'): void {
    this.makeRoom();
    const at = group * groupSize;
    this.tally[at] = this.execution;
    this.tally[at + 1] = level === 'fail' ? 3 : 2;
    if (level === 'fail') this.failed = true;
  }

  private makeRoom(): void {
    if (this.count * groupSize <= this.tally.length) return;
    const tally = new Int32Array(Math.max(this.tally.length * 2, this.count * groupSize));
    tally.set(this.tally);
    this.tally = tally;
  }
}

/** A key of up to 52 bits from the parts that make two findings the same. */
export function findingKey(
  rule: number,
  actorA: number,
  operationA: number,
  actorB: number,
  operationB: number,
): number {
  let a = Math.imul(rule + 1, 0x9e3779b1) ^ Math.imul(actorA + 1, 0x85ebca6b);
  a = Math.imul(a ^ (a >>> 15) ^ (operationA + 1), 0xc2b2ae35);
  let b = Math.imul(actorB + 1, 0x27d4eb2f) ^ Math.imul(a, 0x165667b1);
  b = Math.imul(b ^ (b >>> 13) ^ (operationB + 1), 0x2c1b3c6d);
  return (a >>> 0) * 2 ** 20 + ((b ^ (b >>> 12)) & 0xfffff);
}

/** The key of two events, whichever of them came first. */
export function pairKey(rule: number, trace: Trace, one: number, other: number): number {
  const actor = trace.actorAt(one);
  const operation = trace.words[one + 1]!;
  const otherActor = trace.actorAt(other);
  const otherOperation = trace.words[other + 1]!;
  return actor < otherActor
    ? findingKey(rule, actor, operation, otherActor, otherOperation)
    : findingKey(rule, otherActor, otherOperation, actor, operation);
}

/** The step that the event at `at` belongs to: the last one of its actor up to there, or the event itself when there is none. */
export function stepOf(trace: Trace, at: number): number {
  const actor = trace.actorAt(at);
  let step = at;
  for (let event = 0; event <= at; event = trace.after(event)) {
    if (trace.actorAt(event) === actor && isStep(trace.kindAt(event))) step = event;
  }
  return step;
}
