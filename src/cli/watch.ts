/** The progress line of a command that runs for seconds; taken away however the work ends. */
import { Progress } from '../report/progress.ts';
import { counted, duration } from '../report/words.ts';
import type { Terminal } from './command.ts';

type OnProgress = (now: { executions: number; failures: number; elapsed: number }) => void;

export async function watch<T>(
  { stderr, environment }: Terminal,
  file: string,
  work: (onProgress: OnProgress) => Promise<T>,
): Promise<T> {
  const progress = new Progress(stderr, environment);
  try {
    return await work(({ executions, failures, elapsed }) =>
      progress.show(
        () => `${counted(executions, 'execution')}, ${counted(failures, 'failure')}, ${duration(elapsed)}  ${file}`,
      ),
    );
  } finally {
    progress.end();
  }
}
