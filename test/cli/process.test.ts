import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { main, saying, start } from '../support/started.ts';

const fixture = fileURLToPath(new URL('fixtures/slow-library.ts', import.meta.url));

test('a module of the scenario that throws is named, in one line, also as CommonJS', async () => {
  // Without a package.json beside it, Node 20 takes such a file for CommonJS.
  const folder = mkdtempSync(join(tmpdir(), 'wiredown-'));
  try {
    const helper = join(folder, 'helper.ts');
    writeFileSync(helper, "\nthrow new RangeError('on purpose');\n");
    const file = join(folder, 'scenario.ts');
    writeFileSync(file, "import './helper.ts';\nexport default {};\n");
    const run = start(main, ['explore', file]);
    assert.is(await run.ended, 3);
    const place = `${helper}, line 2`;
    assert.is(run.output.stderr, `wiredown: ${file}: it throws while loading: RangeError: on purpose (${place})\n`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('Ctrl-C ends an exploration with exit status 130 and prints what was found so far', async () => {
  const run = start(fixture, ['explore', 'x.ts', '--json']);
  await saying(run, 'exploring');
  run.child.kill('SIGINT');
  assert.is(await run.ended, 130);
  assert.is(JSON.parse(run.output.stdout).executions, 3, 'nothing is lost in the pipe');
  assert.match(run.output.stderr, 'stopping, Ctrl-C again ends at once');
});

test('one Ctrl-C that arrives twice, as under npm, is one', async () => {
  const run = start(fixture, ['explore', 'x.ts', '--json']);
  await saying(run, 'exploring');
  run.child.kill('SIGINT');
  run.child.kill('SIGINT');
  assert.is(await run.ended, 130);
  assert.is(JSON.parse(run.output.stdout).executions, 3);
});

test('a second Ctrl-C ends at once, whatever the library does', async () => {
  const run = start(fixture, ['explore', 'deaf.ts']);
  await saying(run, 'exploring');
  run.child.kill('SIGINT');
  await saying(run, 'stopping');
  await wait(400);
  run.child.kill('SIGINT');
  assert.is(await run.ended, 130);
  assert.is(run.output.stdout, '');
});

test('Ctrl-C ends a replay at once: it has no part that could be shown', async () => {
  const run = start(fixture, ['replay', 'x.ts', 'wd1:t']);
  await saying(run, 'replaying');
  run.child.kill('SIGINT');
  assert.is(await run.ended, 130);
});

test('a reader that goes away is no error, and the exit status stays', async () => {
  const run = start(fixture, ['explore', 'quick.ts', '--json']);
  run.child.stdout?.destroy();
  assert.is(await run.ended, 0);
  assert.is(run.output.stderr, 'exploring\n');
});

test('a fault of ours is exit status 70 with the stack', async () => {
  const run = start(fixture, ['stress', 'x.ts']);
  assert.is(await run.ended, 70);
  assert.match(run.output.stderr, /a fault of wiredown itself.*\nError: not part of these tests\n {4}at /);
});

test('an open handle does not keep a finished command alive', async () => {
  assert.is(await start(fixture, ['explore', 'quick.ts']).ended, 0);
});

test('the bin answers: version, help, a mistake', async () => {
  const version = start(main, ['--version']);
  assert.is(await version.ended, 0);
  assert.match(version.output.stdout, /^\d+\.\d+\.\d+\n$/);
  const mistake = start(main, ['explor']);
  assert.is(await mistake.ended, 2);
  assert.is(mistake.output.stderr, 'wiredown: explor is no command, did you mean explore?\n');
});

test.run();
