/**
 * Runs a TypeScript file of this repository on a clone that has nothing installed yet: `node scripts/bootstrap.mjs FILE …`.
 *
 * Plain JavaScript without dependencies, because it is what installs them. The file then runs in this very process: one
 * process fewer between the terminal and Ctrl-C.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

const fail = (line) => {
  process.stderr.write(`${line}\n`);
  process.exit(1);
};

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  fail(
    `wiredown needs Node 20.19 or later and this is ${process.version}: install a newer one from https://nodejs.org`,
  );
}

/**
 * Whether node_modules is what package-lock.json asks for. Compares versions and not times, since a checkout gives every
 * file the time of the checkout. Packages of other platforms are optional and may be absent.
 */
function isInstalled() {
  const installed = resolve(root, 'node_modules/.package-lock.json');
  if (!existsSync(installed)) return false;
  const have = JSON.parse(readFileSync(installed, 'utf8')).packages;
  const want = JSON.parse(readFileSync(resolve(root, 'package-lock.json'), 'utf8')).packages;
  return Object.entries(want).every(
    ([path, entry]) => path === '' || (have[path] ? have[path].version === entry.version : entry.optional === true),
  );
}

function install() {
  process.stderr.write('wiredown: installing what package-lock.json asks for (npm ci), this takes a moment\n');
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  // Under `npm start` npm says where it is; otherwise it is on the path, as a script that only a shell can start on Windows.
  const npm = process.env.npm_execpath;
  const options = { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' };
  const result = npm?.endsWith('npm-cli.js')
    ? spawnSync(process.execPath, [npm, ...args], options)
    : spawnSync('npm', args, { ...options, shell: process.platform === 'win32' });
  if (result.status === 0) return;
  process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`);
  fail(`npm ci failed (${result.error?.message ?? `exit status ${result.status}`}): run it in ${root} to see why`);
}

checkNode();
if (!isInstalled()) install();

const [file, ...args] = process.argv.slice(2);
if (file === undefined) fail('bootstrap.mjs needs the file to run, as in: node scripts/bootstrap.mjs scripts/test.ts');
const target = resolve(root, file);
process.argv = [process.execPath, target, ...args];
(await import('tsx/esm/api')).register();
(await import('tsx/cjs/api')).register();
await import(pathToFileURL(target).href);
