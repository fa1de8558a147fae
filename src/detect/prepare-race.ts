/**
 * Two threads call `prepare` or `complete` on one descriptor and nothing orders the calls: without kIOMemoryThreadSafe the
 * descriptor takes no lock of its own, so its callers must.
 */
import { hex } from '../hardware/errors.ts';
import { type RuleLevel, ruleNumber } from '../kernel/rules.ts';
import type { Trace } from '../kernel/trace.ts';
import { type ActorInfo, type FindingSink, pairKey, stepOf } from './finding.ts';
import type { ConflictListener } from './shadow.ts';

const rule = ruleNumber('prepare-race');

export class PrepareRace implements ConflictListener {
  private readonly level: RuleLevel;

  constructor(
    private readonly actors: readonly ActorInfo[],
    private readonly sink: FindingSink,
  ) {
    this.level = sink.level('prepare-race');
  }

  conflicts(trace: Trace, later: number, _operation: number, earlier: Int32Array, length: number): void {
    for (let i = 0; i < length; i += 2) this.conflict(trace, earlier[i]!, later);
  }

  private conflict(trace: Trace, earlier: number, later: number): void {
    const { level, sink } = this;
    if (level === 'off') return;
    const key = pairKey(rule, trace, earlier, later);
    if (!sink.isNew(key, level)) return;
    const one = this.actors[trace.actorAt(earlier)]!.name;
    const other = this.actors[trace.actorAt(later)]!.name;
    sink.report({
      rule: 'prepare-race',
      level,
      message:
        `${one} and ${other} prepare or complete descriptor ${hex(trace.words[later + 2]!)} and nothing orders the two calls: ` +
        'make it with kIOMemoryThreadSafe, or hold a lock around them',
      marks: [
        { at: stepOf(trace, earlier), role: 'first call' },
        { at: stepOf(trace, later), role: 'second call' },
      ],
      key,
      subject: { handle: trace.words[later + 2]! },
    });
  }
}
