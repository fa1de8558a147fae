/**
 * What kernel and engine noticed themselves while the execution ran: Violation events become findings. Each has a text in the
 * record, so an execution without texts has none and costs nothing.
 */
import { ruleNames } from '../kernel/rules.ts';
import { isAccess, isStep, Kind, type Trace } from '../kernel/trace.ts';
import { type Detector, type ExecutionRecord, type FindingSink, findingKey, stepOf } from './finding.ts';

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
      this.sink.report({
        rule,
        level,
        message,
        marks: [{ at: stepAfter(trace, at) ?? stepOf(trace, at), role: rule }],
        key,
      });
    }
  }
}

/**
 * The step of which the event at `at` was noted in advance: an access that the kernel examined, a page that goes. Null where the
 * step stands before.
 */
function stepAfter(trace: Trace, at: number): number | null {
  let next = trace.after(at);
  while (next < trace.length && !isStep(trace.kindAt(next))) next = trace.after(next);
  if (next >= trace.length) return null;
  const kind = trace.kindAt(next);
  const isNoted = isAccess(kind) || kind === Kind.PageOut || kind === Kind.Purge;
  const isSame = trace.actorAt(next) === trace.actorAt(at) && trace.words[next + 1] === trace.words[at + 1];
  return isNoted && isSame ? next : null;
}
