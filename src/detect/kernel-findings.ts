/**
 * What kernel and engine noticed themselves while the execution ran: Violation events become findings. Each has a text in the
 * record, so an execution without texts has none and costs nothing.
 */
import { ruleNames } from '../kernel/rules.ts';
import { Kind } from '../kernel/trace.ts';
import { culprits } from './culprit.ts';
import { type Detector, type ExecutionRecord, type FindingSink, findingKey, stepOf } from './finding.ts';
import { stepAfter } from './past.ts';

export class KernelFindings implements Detector {
  constructor(private readonly sink: FindingSink) {}

  scan({ trace, texts }: ExecutionRecord): void {
    if (texts.size === 0) return;
    for (const [at, message] of texts) {
      const kind = trace.kindAt(at);
      if (kind !== Kind.Violation && kind !== Kind.Verdict) continue;
      const number = trace.words[at + 2]!;
      const rule = ruleNames[number]!;
      const level = this.sink.level(rule);
      if (level === 'off') continue;
      const key = findingKey(number, trace.actorAt(at), trace.words[at + 1]!, 0, 0);
      if (!this.sink.isNew(key, level)) continue;
      const victim = stepAfter(trace, at) ?? stepOf(trace, at);
      const marks = [...culprits(trace, rule, at, victim), { at: victim, role: rule }];
      this.sink.report({ rule, level, message, marks, key, noted: at });
    }
  }
}
