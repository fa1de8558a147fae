// deadline: 300
/**
 * The gallery (scripts/scenarios): each buggy scenario shows its rule, and the same search is silent on its fixed variant
 * (race-catalogue 2.3). No scenario may help: no sleeps, no hints, no assertions.
 */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { RuleName } from '../../src/kernel/rules.ts';
import { everySchedule } from '../support/search.ts';

const test = suite('gallery');

/** File → what the search must find, and nothing else. */
const gallery: Readonly<Record<string, readonly RuleName[]>> = {
  'close-method': ['uncaught-exception', 'use-after-release'],
  'close-method-fixed': [],
  'copy-overwrite': ['permission-outrun'],
  'copy-overwrite-fixed': [],
  'dangling-mapping': ['dangling-mapping'],
  'dangling-mapping-fixed': [],
  'data-queue': ['deadlock'],
  'data-queue-fixed': [],
  deadlock: ['deadlock'],
  'deadlock-fixed': [],
  'dirty-cow': ['snapshot-broken'],
  'dirty-cow-fixed': [],
  'dma-after-complete': ['dma-unwired'],
  'dma-after-complete-fixed': [],
  'double-close': ['uncaught-exception', 'use-after-release'],
  'double-close-fixed': [],
  'double-fetch': ['double-fetch'],
  'double-fetch-fixed': [],
  'double-fetch-read-bytes': ['double-fetch'],
  'double-fetch-read-bytes-fixed': [],
  'mremap-flush': ['freed-page-reachable', 'stale-translation'],
  'mremap-flush-fixed': [],
  'missing-flush': ['missing-cache-flush'],
  'missing-flush-fixed': [],
  'narrow-clean': ['missing-cache-flush'],
  'narrow-clean-fixed': [],
  'shared-line': ['lost-write'],
  'shared-line-fixed': [],
  'stale-receive': ['stale-data'],
  'stale-receive-fixed': [],
  'prepare-race': ['prepare-race'],
  'prepare-race-fixed': [],
  'release-while-mapped': [],
  'unmap-during-dma': [],
  'lost-update-fixed': [],
  'lost-update-locked': [],
  'missed-wakeup': ['lost-wakeup'],
  'missed-wakeup-fixed': [],
  'swapped-buffer': ['mistaken-identity'],
  'swapped-buffer-fixed': [],
  'use-after-complete': ['kernel-panic', 'use-after-complete'],
  'use-after-complete-fixed': [],
};

for (const [name, rules] of Object.entries(gallery)) {
  test(`${name} ${rules.length > 0 ? `shows ${rules.join(', ')}` : 'is silent'}`, async () => {
    const url = new URL(`../../scripts/scenarios/${name}.ts`, import.meta.url);
    assert.equal((await everySchedule(url.href, null)).rules, rules);
    assert.not.match(readFileSync(url, 'utf8'), /\.(sleep\(\d|assert\(|yield\()/);
  });
}

test.run();
