/** Notices that nothing goes on, and ends the worker that computes for ever without an operation: nobody else can. */
import { ScenarioError } from '../errors.ts';
import { type Control, Head, Mode, Phase } from './layout.ts';
import type { ScenarioReady } from './setup.ts';

export class Watchdog {
  /** Why something was ended, since `start`; null while all goes on. */
  stalled: string | null = null;
  private progress = '';
  private since = 0;

  /**
   * @param timeout milliseconds without a step
   * @param end ends the worker of a thread
   */
  constructor(
    private readonly control: Control,
    private readonly scenario: ScenarioReady,
    private readonly timeout: number,
    private readonly end: (thread: number) => void,
  ) {}

  /** Something new is about to be under way. */
  start(): void {
    this.progress = '';
    this.stalled = null;
  }

  /** To be called regularly while it is. Throws ScenarioError when it is no worker that stands still. */
  look(): void {
    const { control } = this;
    const progress = [Head.Execution, Head.Iterations, Head.TraceLength, Head.Over]
      .map((word) => control.head(word))
      .join(':');
    if (progress !== this.progress) {
      this.progress = progress;
      this.since = performance.now();
    } else if (performance.now() - this.since > this.timeout) {
      this.since = performance.now();
      this.endStalled();
    }
  }

  private endStalled(): void {
    const { control, scenario } = this;
    const running = scenario.threads.filter(({ number }) => control.phase(number) === Phase.Running);
    const holder =
      control.head(Head.Mode) === Mode.Controlled && control.head(Head.Over) === 0 ? control.head(Head.Holder) : -1;
    const stuck = holder < 0 ? running : running.filter(({ number }) => number === holder);
    const names = stuck.map(({ name }) => name).join(', ') || 'of the coordinator';
    this.stalled ??= `thread ${names} ran for ${this.timeout} ms without an operation`;
    for (const { number } of stuck) this.end(number);
    if (stuck.length === 0) throw new ScenarioError(`${scenario.name}: setup, check or outcome does not end`);
  }
}
