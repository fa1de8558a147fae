/**
 * A package like ours with users around it, in a folder of its own: scenarios outside the repository see no package.json of ours, and
 * the hook under test is independent of the rest of the library.
 */
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

const counter = 'let count = 0;\nexport const bump = () => ++count;\n';
const commonCounter = 'let count = 0;\nexports.bump = () => ++count;\n';

const moduleScenario = (helper: string): string => `
import { marker } from 'wiredown';
import { dext } from 'wiredown/driverkit';
import { bump } from '${helper}';
import { bump as shared } from 'shared';
export default { marker, dext, bump, shared };
`;

const typeScriptScenario = `
import { marker } from 'wiredown'; import { dext } from 'wiredown/driverkit';
import { bump } from './helper.ts';
import { bump as shared } from 'shared';
enum Kind { One = 1 }
const answer = { marker, dext, bump, shared, kind: Kind.One as number, place: (): string => new Error('here').stack ?? '' };
export default answer;
`;

const commonScenario = `
const { marker } = require('wiredown');
const { bump } = require('./common.cjs');
const { bump: shared } = require('shared');
const { dext } = require('wiredown/driverkit');
module.exports = { marker, dext, bump, shared, lazily: () => require('./lazy.cjs').bump() };
`;

const compiledScenario = `
"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
const wiredown_1 = require("wiredown");
exports.default = { marker: wiredown_1.marker, dext: require('wiredown/driverkit').dext, bump: require('./common.cjs').bump, shared: require('shared').bump };
`;

const users: Record<string, Record<string, string>> = {
  module: { 'package.json': '{"type":"module"}', 'js.js': moduleScenario('./helper.js'), 'helper.js': counter },
  typeless: { 'c.js': commonScenario, 'compiled.js': compiledScenario, 'uses-ts.mjs': moduleScenario('./helper.ts') },
  commonjs: { 'package.json': '{"type":"commonjs"}', 'c.js': commonScenario, 'compiled.js': compiledScenario },
};

const everywhere: Record<string, string> = {
  's.ts': typeScriptScenario,
  'm.mts': typeScriptScenario,
  'm.mjs': moduleScenario('./helper.mjs'),
  'c.cjs': commonScenario,
  'mixed.ts': moduleScenario('./common.cjs'),
  'helper.ts': counter,
  'helper.mjs': counter,
  'common.cjs': commonCounter,
  'lazy.cjs': commonCounter,
  'node_modules/shared/index.js': commonCounter,
};

/** Imports every scenario twice and prints what the two saw, in the main thread and then in a worker. */
const observe = `
const observe = async ({ registerInstances, importInstance }, marker, dext) => {
  await registerInstances(import.meta.url);
  let instance = 0;
  for (const file of process.env.SCENARIOS.split(',')) {
    const url = new URL(file, process.env.USERS).href;
    const numbers = [++instance, ++instance];
    const [one, two] = (await Promise.all(numbers.map((n) => importInstance(url, n)))).map((module) => module.default);
    const again = (await importInstance(url, numbers[1])).default;
    const before = one.shared();
    const result = {
      thread: isMainThread ? 'main' : 'worker', file,
      counts: [one.bump(), one.bump(), two.bump(), again.bump()],
      lazy: one.lazily && [one.lazily(), one.lazily(), two.lazily()],
      shared: two.shared() - before,
      library: [one, two].every((module) => module.marker === marker && module.dext === dext),
      place: one.place?.().split('\\n')[1].trim(),
    };
    writeSync(1, JSON.stringify(result) + '\\n');
  }
};
`;

const head = "import { writeSync } from 'node:fs';\nimport { isMainThread, Worker } from 'node:worker_threads';\n";

export interface Fixture {
  folder: string;
  /** A URL, ending with a slash. */
  users: string;
  scenarios: string[];
  remove(): void;
}

export function makeFixture(): Fixture {
  // The real path: Node resolves symbolic links, and the temporary folder may be one.
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'wiredown-instances-')));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const scenarios: string[] = [];
  for (const [user, files] of Object.entries(users)) {
    for (const [name, text] of Object.entries({ ...files, ...everywhere })) {
      write(`users/${user}/${name}`, text);
      if (text.includes('wiredown')) scenarios.push(`${user}/${name}`);
    }
  }
  write('package/package.json', '{"name":"wiredown","type":"module"}');
  write('package/src/index.ts', 'export const marker: { from: string } = { from: "source" };\n');
  write('package/src/task/driverkit/index.ts', 'export const dext: { from: string } = { from: "source" };\n');
  write('package/dist/src/task/driverkit/index.js', 'export const dext = { from: "built" };\n');
  write('package/dist/src/index.js', 'export const marker = { from: "built" };\n');
  for (const file of ['instances.mjs', 'tsx-worker.mjs']) {
    mkdirSync(join(folder, 'package/scripts'), { recursive: true });
    copyFileSync(join(root, 'scripts', file), join(folder, 'package/scripts', file));
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'package/node_modules'), 'dir');
  write(
    'package/src/observe.ts',
    `${head}import * as instances from '../scripts/instances.mjs';\nimport { marker } from './index.ts';\nimport { dext } from './task/driverkit/index.ts';\n${observe}
await observe(instances, marker, dext);
const execArgv = ['--import', new URL('../scripts/tsx-worker.mjs', import.meta.url).href];
if (isMainThread) new Worker(new URL(import.meta.url), { execArgv });\n`,
  );
  write(
    'package/dist/src/observe.js',
    `${head}import * as instances from '../../scripts/instances.mjs';\nimport { marker } from './index.js';\nimport { dext } from './task/driverkit/index.js';\n${observe}
await observe(instances, marker, dext);
if (isMainThread) new Worker(new URL(import.meta.url), { execArgv: [] });\n`,
  );
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  return { folder, users: `${new URL(`file://${folder}`).href}/users/`, scenarios, remove };
}
