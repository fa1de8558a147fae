/**
 * What kernel and engine noticed themselves while the execution ran: Violation events become findings. Each has a text in the
 * record, so an execution without texts has none and costs nothing.
 */
import { ruleNames, ruleNumber } from '../kernel/rules.ts';
import { isAccess, Kind, type Trace } from '../kernel/trace.ts';
import { type Detector, type ExecutionRecord, type FindingSink, findingKey, stepOf } from './finding.ts';

const dmaUnwired = ruleNumber('dma-unwired');

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
        marks: [{ at: accessAfter(trace, at) ?? stepOf(trace, at), role: rule }],
        key,
      });
    }
  }
}

/** The access that a device was about to make when the event at `at` was noted; null for every other rule. */
function accessAfter(trace: Trace, at: number): number | null {
  const next = trace.after(at);
  if (trace.words[at + 2] !== dmaUnwired || next >= trace.length) return null;
  return trace.actorAt(next) === trace.actorAt(at) && isAccess(trace.kindAt(next)) ? next : null;
}
