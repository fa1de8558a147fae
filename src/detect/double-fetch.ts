/**
 * Privileged code looks at a byte, another task or a device changes it, and the privileged code plain-loads it again without
 * having synchronised in between (execution.md, rule 10). The first look is a plain load, or a store of its own.
 *
 * Every finding is certain, since only values that the trace proves are compared. A scalar proves its bytes; a fragment of a
 * bulk copy has a hash only, so its bytes are known where the accesses before it prove them. Besides, two fragments of exactly
 * the same bytes prove a change when their hashes differ and all that was stored to them in between was foreign.
 */
import { type RuleLevel, ruleNumber } from '../kernel/rules.ts';
import { actorFactor, headerWords, isAccess, isAtomic, isLoad, isStore, Kind, type Trace } from '../kernel/trace.ts';
import { replacesWord, Sort, sortOf } from './access.ts';
import { FetchMemory, unknown } from './fetch-memory.ts';
import { fetchMessage } from './fetch-message.ts';
import { type ActorInfo, type Detector, type ExecutionRecord, type FindingSink, pairKey } from './finding.ts';
import { regionSize, SharedPages } from './shared-pages.ts';

const rule = ruleNumber('double-fetch');
const never = 2 ** 31 - 1;
const kindMask = actorFactor - 1;
const kindBits = Math.log2(actorFactor);

export class DoubleFetch implements Detector {
  /** By actor: its number among the privileged ones, or -1. */
  private readonly readers: Int32Array;
  /** By actor: the number of its task. */
  private readonly tasks: Int32Array;
  /** By reader: 1 + the place in the trace where it last synchronised. */
  private readonly synchronised: Int32Array;
  private readonly memory: FetchMemory;
  private readonly pages = new SharedPages();
  private readonly level: RuleLevel;
  /** Whether stores wait in buffers before others see them. */
  private readonly buffered: boolean;

  constructor(
    private readonly actors: readonly ActorInfo[],
    private readonly sink: FindingSink,
  ) {
    let readers = 0;
    this.readers = Int32Array.from(actors, ({ privileged }) => (privileged ? readers++ : -1));
    this.tasks = Int32Array.from(actors, ({ task }) => actors.findIndex((other) => other.task === task));
    this.synchronised = new Int32Array(readers);
    this.memory = new FetchMemory(readers);
    this.level = sink.level('double-fetch');
    this.buffered = actors.some(({ sort }) => sort === 'stores');
  }

  scan({ trace }: ExecutionRecord): void {
    if (this.synchronised.length === 0 || this.level === 'off') return;
    this.pages.news = false;
    this.walk(trace);
    if (this.pages.news) this.walk(trace);
  }

  private walk(trace: Trace): void {
    const { words, length } = trace;
    this.memory.begin();
    this.synchronised.fill(0);
    for (let at = 0; at < length; at += headerWords + (words[at + 7]! | 0)) {
      const tag = words[at]! | 0;
      const kind = tag & kindMask;
      const actor = tag >> kindBits;
      if (isAccess(kind)) {
        if (words[at + 3]! >= 0) this.access(trace, at, kind, actor);
      } else if (kind === Kind.Drain || kind === Kind.Drained) {
        this.touch(trace, at, kind, actor, words[at + 3]!, 0, words[at + 4]! | 0);
      } else if (kind === Kind.Acquire && this.readers[actor]! >= 0) {
        this.synchronised[this.readers[actor]!] = at + 1;
      } else if (kind === Kind.Straddle) {
        this.straddle(trace, at, actor);
      } else if (kind === Kind.Recycled) {
        this.memory.forget(words[at + 3]!, words[at + 4]! | 0);
      }
    }
  }

  private access(trace: Trace, at: number, kind: number, actor: number): void {
    const { words } = trace;
    const reader = this.readers[actor]!;
    if (isAtomic(kind) && reader >= 0) this.synchronised[reader] = at + 1;
    const sort = sortOf(words, at, kind);
    if (sort === Sort.AtomicLoad || (sort === Sort.Load && reader < 0)) return;
    this.touch(trace, at, kind, actor, words[at + 3]!, 0, words[at + 4]! | 0);
  }

  /** The bytes of a scalar in its second page, at `at`: the upper ones of the event before, which has no extra words. */
  private straddle(trace: Trace, at: number, actor: number): void {
    const { words } = trace;
    const scalar = at - headerWords;
    const kind = words[at + 2]!;
    if (isLoad(kind) && this.readers[actor]! < 0) return;
    const from = words[scalar + 4]! | 0;
    this.touch(trace, scalar, kind, actor, words[at + 3]!, from, from + (words[at + 4]! | 0));
  }

  /** Bytes `from` to `to` of the event at `at` begin at `physical`. */
  private touch(
    trace: Trace,
    at: number,
    kind: number,
    actor: number,
    physical: number,
    from: number,
    to: number,
  ): void {
    const task = this.tasks[actor]!;
    if (!this.pages.visit((physical / regionSize) | 0, task)) return;
    const reader = this.readers[actor]!;
    if (isLoad(kind) || kind === Kind.Read) this.fetch(trace, at, kind, reader, task, physical, from, to);
    else {
      const waits = this.buffered && isStore(kind) && this.actors[actor]!.sort !== 'device';
      if (!waits || reader >= 0) this.store(trace, at, kind, reader, physical, from, to, !waits);
    }
  }

  private fetch(
    trace: Trace,
    at: number,
    kind: number,
    reader: number,
    task: number,
    physical: number,
    from: number,
    to: number,
  ): void {
    const { memory, tasks } = this;
    const synchronised = this.synchronised[reader]!;
    const fragment = kind === Kind.Read ? this.changedFragment(trace, at, memory.byteAt(physical), reader) : never;
    let between = 0;
    let onlyForeign = true;
    let reported = 0;
    for (let i = from; i < to; i++) {
      const byte = memory.byteAt(physical + i - from);
      const writer = memory.writers[byte]!;
      const foreign = writer > 0 && tasks[trace.actorAt(writer - 1)] !== task;
      if (writer > fragment) {
        if (foreign) between = Math.max(between, writer);
        else onlyForeign = false;
      }
      const known = memory.values[byte]!;
      const value = kind === Kind.Read ? known : provenByte(trace.words, at, kind, i);
      const own = memory.lookOf(byte, reader);
      const look = memory.looks[own]!;
      const seen = memory.seen[own]!;
      if (
        foreign &&
        writer > look &&
        look > synchronised &&
        look !== reported &&
        seen !== unknown &&
        value !== unknown &&
        seen !== value
      ) {
        // What the store left must be what is loaded: otherwise the page has changed by other means since.
        if (known === unknown || known === value) {
          reported = look;
          this.report(trace, look - 1, writer - 1, at);
        }
      }
      memory.noteLook(own, at + 1, value);
      memory.values[byte] = value;
    }
    if (between > 0 && onlyForeign) this.report(trace, fragment - 1, between - 1, at);
  }

  /** @param visible to others too: what waits in a buffer happens for them when it reaches memory */
  private store(
    trace: Trace,
    at: number,
    kind: number,
    reader: number,
    physical: number,
    from: number,
    to: number,
    visible: boolean,
  ): void {
    const { memory } = this;
    for (let i = from; i < to; i++) {
      const byte = memory.byteAt(physical + i - from);
      const value = provenByte(trace.words, at, kind, i);
      if (visible) {
        memory.writers[byte] = at + 1;
        memory.values[byte] = value;
      }
      if (reader >= 0) memory.noteLook(memory.lookOf(byte, reader), at + 1, value);
    }
  }

  /** 1 + the place of the reader's last look, when it was a fragment of the same bytes with other contents; otherwise never. */
  private changedFragment(trace: Trace, at: number, byte: number, reader: number): number {
    const { words } = trace;
    const look = this.memory.looks[this.memory.lookOf(byte, reader)]!;
    if (look <= this.synchronised[reader]!) return never;
    const before = look - 1;
    const sameBytes = words[before + 3] === words[at + 3] && words[before + 4] === words[at + 4];
    const sameHash = words[before + 5] === words[at + 5] && words[before + 6] === words[at + 6];
    return trace.kindAt(before) === Kind.Read && sameBytes && !sameHash ? look : never;
  }

  private report(trace: Trace, first: number, between: number, second: number): void {
    const { level, sink } = this;
    if (level === 'off') return;
    const key = pairKey(rule, trace, first, second);
    if (!sink.isNew(key, level)) return;
    const role = sortOf(trace.words, first, trace.kindAt(first)) === Sort.Load ? 'first fetch' : 'own store';
    const marks = [
      { at: first, role },
      { at: between, role: 'store between' },
      { at: second, role: 'second fetch' },
    ];
    sink.report({
      rule: 'double-fetch',
      level,
      message: fetchMessage(trace, this.actors, first, between, second),
      marks,
      key,
    });
  }
}

/** Byte `i` of what an event loads or stores. Arithmetic on a word does not say what it leaves; bulk copies have a hash. */
function provenByte(words: Float64Array, at: number, kind: number, i: number): number {
  if (replacesWord(kind)) return (words[at + 6]! >>> (8 * i)) & 0xff;
  if (kind > Kind.Store64 && kind !== Kind.Drain && kind !== Kind.Drained) return unknown;
  return (words[at + (i < 4 ? 5 : 6)]! >>> (8 * (i & 3))) & 0xff;
}
