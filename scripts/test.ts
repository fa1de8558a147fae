/**
 * `npm test`: types, lint, unused code and every test file, as many at once as there are cores. `npm test -- WORD …` runs only the
 * test files whose path contains a word, or that are named by path, and no checks.
 *
 * The last line is `N passed, N failed`: tests that passed; tests that failed plus each check and each file that failed
 * in another way.
 */
import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { propertySeed } from '../test/support/seeded.ts';
import { bundleJavaScript } from './bundle.ts';
import { endAll, runCommand, runTestFile, type Verdict } from './test-file.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

const checks: { name: string; command: string[] }[] = [
  { name: 'types (tsc)', command: ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json'] },
  { name: 'lint (biome)', command: ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings'] },
  { name: 'unused code (knip)', command: ['node_modules/knip/bin/knip.js', '--no-progress'] },
  { name: 'conformance', command: ['--import', 'tsx', 'scripts/conformance.ts', '--check'] },
];

async function runCheck(check: { name: string; command: string[] }): Promise<Verdict> {
  const begin = performance.now();
  const { problem, output } = await runCommand(check.command, 300);
  const milliseconds = performance.now() - begin;
  return {
    file: check.name,
    passed: 0,
    failed: problem === null ? 0 : 1,
    problem,
    skipped: null,
    output,
    milliseconds,
  };
}

function testFiles(): string[] {
  const names = readdirSync(resolve(root, 'test'), { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => resolve(root, 'test', name))
    .sort();
}

/** A word that is a path of a file is that file; any other is a part of paths. */
function selectFiles(words: string[]): { files: string[]; unmatched: string[] } {
  const all = testFiles();
  const chosen = new Set<string>();
  const unmatched: string[] = [];
  for (const word of words) {
    const path = resolve(word);
    const matching =
      existsSync(path) && path.endsWith('.ts') ? [path] : all.filter((file) => relative(root, file).includes(word));
    if (matching.length === 0) unmatched.push(word);
    for (const file of matching) chosen.add(file);
  }
  return { files: [...chosen], unmatched };
}

function report(verdict: Verdict): void {
  const time = `${(verdict.milliseconds / 1000).toFixed(1)} s`;
  if (verdict.problem === null) {
    const tests = verdict.passed > 0 ? `${verdict.passed} tests, ` : '';
    console.log(`ok    ${verdict.file}  ${tests}${verdict.skipped === null ? '' : `${verdict.skipped}, `}${time}`);
    return;
  }
  console.log(`FAIL  ${verdict.file}  ${verdict.problem}, ${time}`);
  console.log(verdict.output.replace(/^/gm, '      ').trimEnd());
}

const words = process.argv.slice(2);
const selection = words.length > 0 ? selectFiles(words) : { files: testFiles(), unmatched: [] };
const jobs = [
  ...(words.length > 0 ? [] : checks.map((check) => () => runCheck(check))),
  ...selection.files.map((file) => () => runTestFile(file)),
];
let passed = 0;
let failed = selection.unmatched.length;
for (const word of selection.unmatched) console.log(`FAIL  ${word}  no test file has this in its path`);

process.on('SIGINT', () => {
  endAll();
  process.exit(130);
});

// What the workers of all tests run: compiled once, where each worker would do so for itself (src/machine/packaging.ts).
await bundleJavaScript(resolve(root, 'dist'));
process.env.WIREDOWN_WORKERS = 'built';

async function work(): Promise<void> {
  for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
    const verdict = await job();
    passed += verdict.passed;
    failed += verdict.failed;
    report(verdict);
  }
}
await Promise.all(Array.from({ length: availableParallelism() }, work));

console.log(`properties and model runs began from seed ${propertySeed} (another one: SEED=N npm test)`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
