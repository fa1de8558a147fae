import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'wiredown-scan-')));
test.after(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, text: string): string {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
  return pathToFileURL(join(folder, path)).href;
}

write('library/package.json', '{"name":"wiredown","type":"module","exports":"./index.js"}');
const library = write('library/index.js', 'export const marker = 1;\n');
mkdirSync(join(folder, 'user/node_modules'), { recursive: true });
symlinkSync(join(folder, 'library'), join(folder, 'user/node_modules/wiredown'), 'dir');
write('user/module/package.json', '{"type":"module"}');
write('user/module/helper.js', 'export const from = Array.from("ab");\n');
write('user/module/typed.ts', 'export const x: number = 1;\n');
write('user/module/late.mjs', 'export * from /* hidden */ "./typed.ts";\n');
write('other/node_modules/wiredown/package.json', '{"name":"wiredown","type":"module","exports":"./index.js"}');
write('other/node_modules/wiredown/index.js', 'export const marker = 2;\n');

const expected = new Map<string, { what: string; needsNone: boolean }>();
const expectOf = (needsNone: boolean, what: string, text: string, place = 'user/module', extension = 'mjs'): void => {
  expected.set(write(`${place}/entry-${expected.size}.${extension}`, text), { what, needsNone });
};

for (const [what, text] of [
  ['nothing', 'export const ready = () => true;\n'],
  [
    'the library',
    'import { marker } from \'wiredown\';\nimport * as all from "wiredown";\nexport default [marker, all];\n',
  ],
  [
    'itself',
    "import def, { from as other } from './helper.js'; export { def, other };\nexport * from './helper.js';\n",
  ],
  [
    'modules of Node',
    "import 'node:fs';import{join}from'path'\nexport const url = import.meta.url, load = () => import('node:os');\n",
  ],
  ['its own words', 'export const from = 1; export const o = { from };\nconsole.log(from);\n'],
] as const) {
  expectOf(true, `a module that imports ${what} needs no hook`, text);
}

for (const [what, text] of [
  ['TypeScript', "import './typed.ts';\n"],
  ['TypeScript behind another file', "import './late.mjs';\n"],
  ['another package', "import 'shared';\n"],
  ['a name that it computes', 'export const load = (name) => import(name);\n'],
  ['a name that it adds to', "export const load = (name) => import('./helper.js' + name);\n"],
  ['a name from a template', `export const load = (name) => import(\`./\${name}\`);\n`],
  ['behind a comment', "import /* from 'path' */ './typed.ts';\n"],
  ['by way of Node', "import { createRequire } from 'node:module';\nexport default createRequire;\n"],
  ['by way of the process', "export default process.getBuiltinModule('module');\n"],
  ['escaped', "import './h\\u0065lper.js';\n"],
  ['what is not there', "import './nothing.mjs';\n"],
] as const) {
  expectOf(false, `a module that imports ${what} needs it`, text);
}

const importing = "import { marker } from 'wiredown';\nexport default marker;\n";
write('other/entry.mjs', importing);
expectOf(false, 'a package that sees another library needs it', importing, 'other');
expectOf(false, 'also behind another file', "import '../../other/entry.mjs';\n");
const ready = 'export const ready = () => true;\n';
expectOf(true, 'a package says that its .js files are modules', ready, 'user/module', 'js');
expectOf(false, 'no package says so', ready, 'user', 'js');
expectOf(false, 'CommonJS needs it', ready, 'user/module', 'cjs');
expectOf(false, 'TypeScript needs it', ready, 'user/module', 'ts');
expected.set(pathToFileURL(join(folder, 'missing.mjs')).href, { what: 'a file that is not there', needsNone: false });

// In a process elsewhere: here tsx follows the paths of our tsconfig.json, and `wiredown` means src/index.ts everywhere.
const scan = new URL('../../src/machine/import-scan.ts', import.meta.url).href;
const child = write(
  'child.mjs',
  `import { needsNoHook } from ${JSON.stringify(scan)};
const files = ${JSON.stringify([...expected.keys()])};
console.log(JSON.stringify(files.map((file) => needsNoHook(file, ${JSON.stringify(library)}))));\n`,
);
const args = ['--import', import.meta.resolve('tsx'), fileURLToPath(child)];
const { stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', timeout: 60_000 });
const answers = JSON.parse(stdout) as boolean[];

[...expected.values()].forEach(({ what, needsNone }, i) => {
  test(what, () => assert.is(answers[i], needsNone));
});

test.run();
