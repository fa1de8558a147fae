/** The real terminal, and the end of the process: nothing that was printed is lost, and a closed pipe is no error. */
import type { Library, Terminal } from './command.ts';
import { explain } from './run.ts';

export function processTerminal(replayCommand: string): Terminal {
  const { stdout, stderr, env } = process;
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // `wiredown … | head` closes the pipe; the rest of the text has no reader and is dropped.
      if (error.code !== 'EPIPE') throw error;
    });
  }
  return { stdout, stderr, environment: env, replayCommand };
}

export const loadLibrary = async (): Promise<Library> => {
  const { explore, merge, replay, minimise, stress, work } = await import('../index.ts');
  return { explore, merge, replay, minimise, stress, work };
};

/** Ends the process when `work` is done. Explicitly: a worker that is still there must not keep a finished command alive. */
export function runToEnd(work: Promise<number>, terminal: Terminal): void {
  const end = (code: number): void => {
    Promise.all([process.stdout, process.stderr].map(flushed)).then(() => process.exit(code));
  };
  process.on('uncaughtException', (error) => end(explain(error, terminal)));
  work.then(end, (error) => end(explain(error, terminal)));
}

const flushed = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => {
    if (stream.destroyed || !stream.writable) resolve();
    else stream.write('', () => resolve());
  });
