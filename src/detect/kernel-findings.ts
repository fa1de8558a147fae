/**
 * What kernel and engine noticed themselves while the execution ran: Violation events become findings. Each has a text in the
 * record, so an execution without texts has none and costs nothing.
 */
import { type RuleName, ruleNames } from '../kernel/rules.ts';
import { headerWords, isStep, Kind, type Trace } from '../kernel/trace.ts';
import { culprits } from './culprit.ts';
import { type Detector, type ExecutionRecord, type FindingSink, findingKey, stepOf } from './finding.ts';
import { stepAfter } from './past.ts';

/** What the steps that an event names have done, the last one also what those after it have. */
const roles: Partial<Record<RuleName, readonly string[]>> = {
  livelock: ['looks in vain'],
  deadlock: ['waits'],
  'lost-wakeup': ['wakes nobody', 'sleeps'],
};

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
      const named = namedSteps(trace, at);
      if (named.length > 0) {
        const marks = named.map((step, i) => ({ at: step, role: roles[rule]?.[i] ?? roles[rule]?.at(-1) ?? rule }));
        this.sink.report({ rule, level, message, marks, key, subject: { noted: at } });
        continue;
      }
      const victim = stepAfter(trace, at) ?? stepOf(trace, at);
      const marks = [...culprits(trace, rule, at, victim), { at: victim, role: rule }];
      this.sink.report({ rule, level, message, marks, key, subject: { noted: at } });
    }
  }
}

/** Where the steps stand that the event at `at` names, in its order. */
function namedSteps(trace: Trace, at: number): number[] {
  const steps: number[] = [];
  for (let word = at + headerWords; word < trace.after(at); word += 2) {
    for (let step = 0; step < at; step = trace.after(step)) {
      const isNamed = trace.actorAt(step) === trace.words[word] && trace.words[step + 1] === trace.words[word + 1];
      if (!isNamed || !isStep(trace.kindAt(step))) continue;
      steps.push(step);
      break;
    }
  }
  return steps;
}
