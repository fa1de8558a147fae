import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const root = fileURLToPath(new URL('../..', import.meta.url));

function runTests(...files: string[]) {
  const paths = files.map((file) => fileURLToPath(new URL(`fixtures/${file}`, import.meta.url)));
  const args = ['scripts/bootstrap.mjs', 'scripts/test.ts', ...paths];
  const { status, stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', timeout: 60_000 });
  return { status, stdout, last: stdout.trimEnd().split('\n').at(-1) };
}

test('a passing file counts its tests', () => {
  const { status, last } = runTests('passes.ts');
  assert.is(last, '2 passed, 0 failed');
  assert.is(status, 0);
});

test('a failing test is one failure, its output is shown, and the others count', () => {
  const { status, last, stdout } = runTests('one-of-two.ts', 'passes.ts');
  assert.is(last, '3 passed, 1 failed');
  assert.is(status, 1);
  assert.match(stdout, 'FAIL  "fails"');
});

for (const [file, failed, problem] of [
  ['hook-throws.ts', 1, 'a hook that throws'],
  ['never-run.ts', 1, 'printed no summary'],
  ['forgotten-suite.ts', 1, 'never calls forgotten.run()'],
  ['skips.ts', 1, 'skips 1 tests'],
] as const) {
  test(`uvu says all is well and it is not: ${file}`, () => {
    const { status, last, stdout } = runTests(file);
    assert.match(String(last), new RegExp(`, ${failed} failed$`));
    assert.match(stdout, problem);
    assert.is(status, 1);
  });
}

test('a hanging file is ended at its own deadline', () => {
  const { status, last, stdout } = runTests('hangs.ts');
  assert.is(last, '0 passed, 1 failed');
  assert.is(status, 1);
  // The child that the test started holds the same pipe: had it not been ended too, the runner would still wait.
  assert.match(stdout, 'did not end within 2 s');
});

test('a word that matches no test file is a failure, not silence', () => {
  const args = ['scripts/bootstrap.mjs', 'scripts/test.ts', 'no-such-test'];
  const { status, stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  assert.is(status, 1);
  assert.is(stdout.trimEnd().split('\n').at(-1), '0 passed, 1 failed');
});

test.run();
