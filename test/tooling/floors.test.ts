/** The house has floors: a file imports from its own floor or from below, never from above (docs and CONTRIBUTING). */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const root = fileURLToPath(new URL('../../src/', import.meta.url));
const floors: Record<string, number> = {
  hardware: 0,
  vm: 1,
  iokit: 2,
  kernel: 3,
  task: 4,
  machine: 5,
  schedule: 6,
  detect: 6,
  explore: 7,
  report: 8,
  cli: 9,
};

const floorOf = (path: string): number => floors[path.split('/')[0]!] ?? Number.POSITIVE_INFINITY;

function sources(): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
}

test('each folder of src has its floor', () => {
  const folders = new Set(sources().map((path) => path.split('/')[0]!));
  for (const door of ['index.ts', 'entrances.ts']) folders.delete(door);
  assert.equal([...folders].sort(), Object.keys(floors).sort());
});

test('no file imports from a floor above its own', () => {
  const wrong: string[] = [];
  // The command line loads the library as its users do, by its front door.
  const entrances = ['index.ts', 'entrances.ts', 'cli/process.ts'];
  for (const path of sources().filter((source) => !entrances.includes(source))) {
    const text = readFileSync(join(root, path), 'utf8');
    for (const [, target] of text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)) {
      const to = relative(root, join(root, dirname(path), target!));
      if (to.startsWith('..')) continue;
      if (floorOf(to) > floorOf(path)) wrong.push(`${path} imports ${to}`);
    }
  }
  assert.equal(wrong, []);
});

test('floors 0 to 3 and the strategies use no clock and no chance (execution.md, rule 25)', () => {
  const wrong: string[] = [];
  for (const path of sources().filter((source) => floorOf(source) <= 3 || source.startsWith('schedule/'))) {
    const text = readFileSync(join(root, path), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
    if (/\bMath\.random\b|\bDate\b|\bperformance\b|\bprocess\b|\bsetTimeout\b/.test(text)) wrong.push(path);
  }
  assert.equal(wrong, []);
});

test.run();
