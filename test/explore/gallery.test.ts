// deadline: 300
/**
 * The gallery (scripts/scenarios): each buggy scenario shows its rule, and the same search is silent on its fixed variant
 * (race-catalogue 2.3). No scenario may help: no sleeps, no hints, no assertions.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { explore } from '../../src/explore/explore.ts';
import type { Exploration } from '../../src/explore/results.ts';
import type { RuleName } from '../../src/kernel/rules.ts';
import { within } from '../machine/support/bounded.ts';

const test = suite('gallery');

/** File → what the search must find, and nothing else. */
const gallery: Readonly<Record<string, readonly RuleName[]>> = {
  'close-method': ['uncaught-exception', 'use-after-release'],
  'close-method-fixed': [],
  'copy-overwrite': ['permission-outrun'],
  'copy-overwrite-fixed': [],
  deadlock: ['deadlock'],
  'deadlock-fixed': [],
  'dma-after-complete': ['dma-unwired'],
  'dma-after-complete-fixed': [],
  'double-close': ['uncaught-exception', 'use-after-release'],
  'double-close-fixed': [],
  'double-fetch': ['double-fetch'],
  'double-fetch-fixed': [],
  'double-fetch-read-bytes': ['double-fetch'],
  'prepare-race': ['prepare-race'],
  'release-while-mapped': [],
  'unmap-during-dma': [],
  'lost-update-fixed': [],
  'lost-update-locked': [],
  'missed-wakeup': ['deadlock'],
  'missed-wakeup-fixed': [],
};

const fileOf = (name: string): string => fileURLToPath(new URL(`../../scripts/scenarios/${name}.ts`, import.meta.url));

async function search(name: string): Promise<Exploration> {
  const options = { strategy: 'dfs', preemptions: 2, workers: 1, timeBudget: '60s', threadCheck: false } as const;
  return (await within(100_000, name, explore(fileOf(name), options))) as Exploration;
}

for (const [name, rules] of Object.entries(gallery)) {
  test(`${name} ${rules.length > 0 ? `shows ${rules.join(', ')}` : 'is silent'}`, async () => {
    const found = await search(name);
    assert.is(found.exhausted, true, 'every schedule with two preemptions was had');
    assert.equal([...new Set(found.failures.map((failure) => failure.rule))].sort(), [...rules].sort());
    assert.not.match(readFileSync(fileOf(name), 'utf8'), /\.(sleep\(\d|assert\(|yield\()/);
  });
}

test.run();
