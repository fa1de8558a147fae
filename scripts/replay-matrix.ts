/**
 * One token, the same trace hash everywhere: 1,000 times inline and 1,000 times on threads, on Node 20, 22, 24 and 26; and one seed,
 * the same findings; and the golden seeds of all strategies. The other versions of Node come as npm packages, into a temporary folder. Ends with 'N passed, N failed'.
 */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { explore } from '../src/explore/explore.ts';

const times = 1000;
const majors = [20, 22, 24, 26];
const root = fileURLToPath(new URL('..', import.meta.url));
const file = join(root, 'scripts/scenarios/double-fetch.ts');

const found = [await explore(file, { executions: 2000, stopAtFirst: true, threadCheck: false })].flat()[0]!;
const failure = found.failures[0];
if (failure === undefined) throw new Error('the race of double-fetch.ts was not found');
console.log(`${failure.rule}: ${failure.token}, trace hash ${failure.traceHash}`);

const folder = mkdtempSync(join(tmpdir(), 'wiredown-nodes-'));
let passed = 0;
let failed = 0;
/** What exploring found on the first version. */
let explored: string | null = null;
try {
  const others = majors.filter((major) => major !== Number(process.versions.node.split('.')[0]));
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  // The packages bring their binary as a dependency of its own; nothing is compiled or run at install.
  execFileSync(
    'npm',
    ['install', '--no-audit', '--no-fund', '--silent', ...others.map((major) => `node${major}@npm:node@${major}`)],
    {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  for (const major of majors) {
    const node = others.includes(major) ? join(folder, `node_modules/node${major}/bin/node`) : process.execPath;
    const { inline, threads, found: here } = await resultsOn(node);
    const alike = here === (explored ??= here);
    if (alike) passed++;
    else failed++;
    console.log(`${alike ? 'same' : 'DIFFERENT'}  Node ${major}, explored: ${here}`);
    const golden = await passes(node, 'test/schedule/golden.test.ts');
    if (golden === null) passed++;
    else failed++;
    console.log(
      `${golden === null ? 'same' : 'DIFFERENT'}  Node ${major}, golden seeds${golden === null ? '' : `: ${golden}`}`,
    );
    for (const [carrier, hashes] of Object.entries({ inline, threads })) {
      const same = Object.keys(hashes).length === 1 && hashes[failure.traceHash] === times;
      if (same) passed++;
      else failed++;
      console.log(`${same ? 'same' : 'DIFFERENT'}  Node ${major}, ${carrier}: ${JSON.stringify(hashes)}`);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** Null where the tests in a file pass; else what they print. */
async function passes(node: string, test: string): Promise<string | null> {
  try {
    await promisify(execFile)(node, ['--import', 'tsx', join(root, test)], { cwd: root, timeout: 60_000 });
    return null;
  } catch (error) {
    return (error as { stdout?: string }).stdout ?? String(error);
  }
}

interface Results {
  readonly inline: Record<string, number>;
  readonly threads: Record<string, number>;
  readonly found: string;
}

async function resultsOn(node: string): Promise<Results> {
  const script = join(root, 'scripts/replay-times.ts');
  const { stdout } = await promisify(execFile)(node, ['--import', 'tsx', script, file, failure!.token, String(times)], {
    cwd: root,
    timeout: 300_000,
  });
  return JSON.parse(stdout);
}
