/** Ctrl-C: the first one asks for what was found so far, the second one ends at once. */
import { ExitCode } from './exit-code.ts';

/**
 * Milliseconds in which a second signal is taken for the same key: npm passes on a signal that the terminal has sent to the whole
 * group anyway, so under `npm start` one Ctrl-C arrives twice.
 */
const sameKey = 300;

export class Interruption {
  private readonly controller = new AbortController();
  private first: number | null = null;
  private readonly listener: () => void;

  constructor(stderr: { write(text: string): unknown }, isGraceful: boolean) {
    this.listener = () => {
      if (!isGraceful) process.exit(ExitCode.Interrupted);
      if (this.first === null) {
        this.first = performance.now();
        stderr.write('\nwiredown: stopping, Ctrl-C again ends at once\n');
        this.controller.abort();
      } else if (performance.now() - this.first > sameKey) process.exit(ExitCode.Interrupted);
    };
    process.on('SIGINT', this.listener);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  end(): void {
    process.off('SIGINT', this.listener);
  }
}
