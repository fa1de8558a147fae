/** A program of ours in a process of its own: what it says, and how it ends, within a bound. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';

/** The command line: as it was built for these tests, or from source. */
const isBuilt = process.env.WIREDOWN_WORKERS === 'built';
export const main = fileURLToPath(
  new URL(isBuilt ? '../../dist/src/cli/main.js' : '../../src/cli/main.ts', import.meta.url),
);
/** What Node needs to run `file`. */
export const loaders = (file: string): string[] =>
  file.endsWith('.ts') ? ['--import', import.meta.resolve('tsx')] : [];

export interface Started {
  child: ChildProcess;
  output: { stdout: string; stderr: string };
  /** Exit status; null when a signal ended it that this test sent. Ended by force after `limit`, which fails. */
  ended: Promise<number | null>;
}

interface Options {
  cwd?: string;
  /** Further modules that are loaded first. */
  preloads?: readonly string[];
  /** Milliseconds. */
  limit?: number;
}

export function start(file: string, args: readonly string[], options: Options = {}): Started {
  const { cwd = process.cwd(), preloads = [], limit = 30_000 } = options;
  const imports = [...loaders(file), ...preloads.flatMap((name) => ['--import', name])];
  const child = spawn(process.execPath, [...imports, file, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, limit);
  const ended = once(child, 'close').then(([code]) => {
    clearTimeout(timer);
    assert.not(late, `had not ended by itself after ${limit} ms; it said: ${output.stderr}`);
    return code as number | null;
  });
  return { child, output, ended };
}

export async function saying({ child, output, ended }: Started, text: string): Promise<void> {
  const gone = ended.then((code) => {
    if (!output.stderr.includes(text)) throw new Error(`ended with ${code} without saying "${text}": ${output.stderr}`);
  });
  while (!output.stderr.includes(text)) await Promise.race([once(child.stderr!, 'data'), gone]);
}
