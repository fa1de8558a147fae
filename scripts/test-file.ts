/**
 * Runs one test file in a process of its own and judges it.
 *
 * uvu exits with 0 in cases that are failures: a `before` hook throws, a file never calls `run`, nothing matches. So a file
 * passes only when it exits with 0 *and* says that it passed as many tests as it has, and more than none.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Verdict {
  file: string;
  passed: number;
  /** What was left out, and why; null when nothing was. */
  skipped: string | null;
  /** At least 1 when anything at all is wrong with the file. */
  failed: number;
  /** What is wrong, a line; null when nothing is. */
  problem: string | null;
  output: string;
  milliseconds: number;
}

const root = fileURLToPath(new URL('..', import.meta.url));
/** What every test file is run with. */
const preloads = ['tsx', './test/support/nothing-left-of-machines.ts'].flatMap((name) => ['--import', name]);
const defaultDeadline = 120;

/** Tests that may be skipped: file → how many, and the reason that is told where it happens. */
const mayBeSkipped: Record<string, { most: number; why: string }> = {
  'test/queue/queue.test.ts': { most: 9, why: 'there is no redis-server on the path: install Debian’s redis-server' },
};

/** Process groups that run now, so that Ctrl-C ends them too. */
const running = new Set<number>();

export function endAll(): void {
  for (const group of running) endGroup(group);
}

function endGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL');
  } catch {
    // It ended by itself in the meantime.
  }
}

/** Seconds: a line `// deadline: 300` among the first ten lines of the file, or the default. */
export function deadlineOf(source: string): number {
  const match = /^\/\/ deadline: (\d+)/m.exec(source.split('\n').slice(0, 10).join('\n'));
  return match ? Number(match[1]) : defaultDeadline;
}

export function runCommand(command: string[], deadline: number): Promise<{ problem: string | null; output: string }> {
  const environment: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: '1' };
  delete environment.FORCE_COLOR;
  return new Promise((resolve) => {
    // A group of its own, so that the processes which a hanging test started end with it.
    const child = spawn(process.execPath, command, {
      cwd: root,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const group = child.pid;
    if (group !== undefined) running.add(group);
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    let problem: string | null = null;
    const timer = setTimeout(() => {
      problem = `did not end within ${deadline} s: a test hangs, or a handle is still open`;
      if (group !== undefined) endGroup(group);
    }, deadline * 1000);
    child.on('error', (error) => {
      problem = `could not be started: ${error.message}`;
    });
    // What a test left behind would hold the pipe open, and 'close' would never come.
    child.on('exit', () => group !== undefined && endGroup(group));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (group !== undefined) running.delete(group);
      if (problem === null && code !== 0) problem = signal ? `was ended by ${signal}` : `exit status ${code}`;
      resolve({ problem, output });
    });
  });
}

/** Reads uvu's closing lines; null when it never got there. */
export function readSummary(output: string): { total: number; passed: number; skipped: number } | null {
  const summaries = [...output.matchAll(/^ {2}Total: +(\d+)\n {2}Passed: +(\d+)\n {2}Skipped: +(\d+)$/gm)];
  const last = summaries.at(-1);
  return last ? { total: Number(last[1]), passed: Number(last[2]), skipped: Number(last[3]) } : null;
}

/** Suites that are made and never run: uvu does not miss them. */
export function forgottenSuites(source: string): string[] {
  const names = [...source.matchAll(/^(?:const|let) (\w+) = suite\b/gm)].map((match) => match[1] as string);
  return names.filter((name) => !source.includes(`${name}.run()`));
}

export async function runTestFile(path: string): Promise<Verdict> {
  const file = relative(root, path);
  const source = readFileSync(path, 'utf8');
  const begin = performance.now();
  const result = await runCommand([...preloads, path], deadlineOf(source));
  const summary = readSummary(result.output);
  const forgotten = forgottenSuites(source);
  const passed = summary?.passed ?? 0;
  let problem = result.problem;
  if (problem === null && forgotten.length > 0)
    problem = `never calls ${forgotten.map((name) => `${name}.run()`).join(', ')}`;
  if (problem === null && summary === null) problem = 'printed no summary: does it call test.run()?';
  if (problem === null && summary?.total === 0) problem = 'has no tests: does it call test.run()?';
  if (problem === null && summary !== null && passed !== summary.total) {
    problem = `passed ${passed} of ${summary.total}: a failing test, or a hook that throws`;
  }
  const left = summary?.skipped ?? 0;
  const allowed = mayBeSkipped[file];
  if (problem === null && left > (allowed?.most ?? 0)) {
    problem = `skips ${left} tests (or has a test.only) and scripts/test-file.ts does not allow it`;
  }
  const failed = problem === null ? 0 : Math.max(1, (summary?.total ?? 0) - passed);
  const skipped = left > 0 && problem === null ? `${left} skipped, since ${allowed?.why}` : null;
  return { file, passed, failed, problem, skipped, output: result.output, milliseconds: performance.now() - begin };
}
