/** What came of the iterations of a stress run: outcomes and broken rules, each with how often. Its counts can be watched from outside. */
import type { RuleName } from '../../kernel/rules.ts';
import { allowedOutcomes } from '../../task/scenario.ts';
import type { ExecutionState } from '../execution-state.ts';
import { type Control, Head } from './layout.ts';

/** A rule that was broken, by whom, and how often. */
interface Broken {
  readonly rule: RuleName;
  readonly message: string;
  readonly thread: string | null;
  occurrences: number;
}

export class StressTally {
  readonly outcomes = new Map<string, number>();
  readonly failures = new Map<string, Broken>();
  iterations = 0;
  /** The first rule that was broken in the iteration in hand. */
  failed: RuleName | null = null;

  constructor(
    private readonly state: ExecutionState,
    private readonly control: Control,
  ) {}

  begin(): void {
    this.outcomes.clear();
    this.failures.clear();
    this.iterations = 0;
    this.control.setHead(Head.Iterations, 0);
    this.control.setHead(Head.Failed, 0);
  }

  beginIteration(): void {
    this.failed = null;
  }

  fail(rule: RuleName, message: string, thread: string | null): void {
    this.failed ??= rule;
    const key = `${rule} ${thread} ${message}`;
    const known = this.failures.get(key);
    if (known === undefined) this.failures.set(key, { rule, message, thread, occurrences: 1 });
    else known.occurrences++;
  }

  /** The iteration is over: what came of it, with what the threads returned. */
  count(results: readonly unknown[]): void {
    this.iterations++;
    const label = this.failed === null ? this.judge(results) : null;
    const counted = this.failed === null ? label : `failed: ${this.failed}`;
    if (counted !== null) this.outcomes.set(counted, (this.outcomes.get(counted) ?? 0) + 1);
    this.control.setHead(Head.Iterations, this.iterations);
    if (this.failed !== null) Atomics.add(this.control.words, Head.Failed, 1);
  }

  private judge(results: readonly unknown[]): string | null {
    try {
      const message = this.state.check();
      if (message !== null) {
        this.fail('check', message, null);
        return null;
      }
      const label = this.state.outcome(results);
      const allowed = allowedOutcomes(this.state.loaded.scenario);
      if (label !== null && allowed !== undefined && !allowed.includes(label)) {
        this.fail(
          'forbidden-outcome',
          `the outcome was ${JSON.stringify(label)}; allowed are ${allowed.join(', ')}`,
          null,
        );
        // It is counted under its own name all the same.
        this.failed = null;
        Atomics.add(this.control.words, Head.Failed, 1);
      }
      return label;
    } catch (error) {
      this.fail('check', error instanceof Error ? error.message : String(error), null);
      return null;
    }
  }
}
