/** One line that is written over itself while something long runs. On stderr, and only where a person watches. */
import { isWatched } from './colour.ts';

export interface ProgressStream {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

const eraseLine = '\r\u001b[2K';
/** Milliseconds between two writes: more often is flicker. */
const interval = 100;

export class Progress {
  private readonly stream: ProgressStream | null;
  private written = Number.NEGATIVE_INFINITY;
  private shown = false;

  constructor(stream: ProgressStream, environment: Record<string, string | undefined>) {
    this.stream = isWatched(stream, environment) ? stream : null;
  }

  /** `text` is only computed when it is going to be shown. */
  show(text: () => string): void {
    if (this.stream === null || performance.now() - this.written < interval) return;
    this.written = performance.now();
    this.shown = true;
    const width = (this.stream.columns ?? 80) - 1;
    this.stream.write(eraseLine + [...text()].slice(0, width).join(''));
  }

  /** Takes the line away, before anything else is printed. */
  end(): void {
    if (!this.shown) return;
    this.stream?.write(eraseLine);
    this.shown = false;
  }
}
