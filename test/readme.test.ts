// deadline: 240
/** Every snippet of the README runs, as it is printed there. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { main } from './support/started.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'wiredown-readme-'));
const names: string[] = [];

/** Runs a file in the folder of snippets, the package being the one under test; returns exit status and output. */
async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const tsx = pathToFileURL(join(root, 'node_modules/tsx/dist/loader.mjs')).href;
  const env = { ...process.env, TSX_TSCONFIG_PATH: join(folder, 'tsconfig.json') };
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--import', tsx, ...args], {
      cwd: folder,
      env,
      timeout: 60_000,
    });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout, stderr };
  }
}

test.before(() => {
  for (const [, code] of readme.matchAll(/```ts\n([\s\S]*?)```/g)) {
    const name = /^\/\/ (\S+\.ts)$/m.exec(code!)?.[1];
    if (name === undefined)
      throw new Error(`a snippet of the README has no file name in its first line: ${code!.slice(0, 60)}`);
    names.push(name);
    writeFileSync(join(folder, name), code!);
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const paths = { wiredown: [join(root, 'src/index.ts')] };
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { paths, module: 'esnext', target: 'es2022' } }),
  );
});

test.after(() => rmSync(folder, { recursive: true, force: true }));

test('each snippet is run by a test below', () => {
  assert.equal(names, ['counter.ts', 'driver.ts', 'explore.ts', 'machine.ts', 'client.ts', 'driver-task.ts']);
});

test('the ten lines find their race', async () => {
  const { code, stdout } = await run(main, 'explore', 'counter.ts', '--stop-at-first', '--json');
  assert.is(code, 1);
  const found = JSON.parse(stdout);
  assert.is(found.failures[0].rule, 'data-race');
  assert.is(found.failures[0].confirmed, true);
  assert.is(found.failures[0].sites[0].file.endsWith('counter.ts'), true);
});

test('the driver keeps every rule', async () => {
  const { code, stdout } = await run(main, 'explore', 'driver.ts', '--executions', '500', '--json');
  assert.is(code, 0, stdout);
});

test('the script explores, replays and checks', async () => {
  const { code, stdout, stderr } = await run('explore.ts');
  assert.is(code, 0, stderr);
  assert.match(stdout, /^data-race true$/m);
});

test('the machine passes a buffer from one task to another', async () => {
  const { code, stdout, stderr } = await run('machine.ts');
  assert.is(code, 0, stderr);
  assert.is(stdout.trim(), '42');
});

test.run();
