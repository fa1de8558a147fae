// deadline: 300
/** Race catalogue 0.4: each watched invariant is found broken where it is, under its rule, and never where it is not. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { RuleName } from '../../src/kernel/rules.ts';
import { scenarioNames } from '../../src/machine/scenario-loader.ts';
import { everySchedule } from '../support/search.ts';

const test = suite('watched invariants');
const url = new URL('../fixtures/invariant-scenarios.ts', import.meta.url).href;

/** What is broken, and the message that says so. */
const broken: Readonly<Record<string, readonly [rules: readonly RuleName[], message: RegExp]>> = {
  'I6 a transfer that is longer than what was prepared': [
    ['dma-outside-window'],
    /^disk writes 32 bytes at 0x\w+, beyond what is prepared there of the descriptor of 100 bytes/,
  ],
  'I6 a device writes to what was prepared for reading': [
    ['dma-outside-window'],
    /^disk writes 32 bytes at 0x\w+, but the descriptor of 64 bytes .* is prepared for the other direction$/,
  ],
  'I6 device addresses are flushed too late': [
    ['dma-outside-window', 'freed-page-reachable'],
    /through device address 0x8000, which is no longer mapped to it but was not flushed/,
  ],
  'I5 a page is freed before processors are told': [
    ['freed-page-reachable', 'stale-translation'],
    /^app.store writes at 0x\w+ through a translation to frame \d+ that app.take took away; .* freed since$/,
  ],
  'I5 processors are never told': [['stale-translation'], /that app.take took away; .* and has ended$/],
  'I10 a task completes what another one prepared': [
    ['unbalanced', 'unbalanced-complete'],
    /^thief completes the descriptor of 4096 bytes .*, which it has not prepared: the prepare is kernel’s$/,
  ],
  'I10 a task releases a reference of another one’s': [
    ['unbalanced', 'use-after-release'],
    /^client releases a reference of an IOMemoryMap that it does not hold: it is kernel’s$/,
  ],
  'I10 a task unmaps what another one mapped': [
    ['unbalanced'],
    /^thief unmaps the map of client at 0x\w+, which it does not hold: it is kernel’s$/,
  ],
  'I2 a page that was unwired under its descriptor is paged out': [
    ['unbalanced', 'wired-page-moved'],
    /^a page is taken out of frame \d+, though the descriptor of 64 bytes .* is prepared$/,
  ],
  'I2 another page is put in the place of one that is wired': [
    ['wired-page-moved'],
    /^kernel.move puts frame \d+ in the place of frame \d+ at 0x\w+ of kernel, though the descriptor of 64 bytes .* is prepared$/,
  ],
  'I4 a page is copied that a task can store to by hand': [
    ['snapshot-broken'],
    /^app.fork copies frame \d+, but app can go on storing to it at 0x\w+ by a translation made by hand$/,
  ],
  'I4 processors were not told that a page is copied on write': [
    ['snapshot-broken', 'stale-translation'],
    /^app.store stores to frame \d+ at 0x\w+ of app, which a copy of that memory still shows$/,
  ],
  'I11 what was dropped is read as if it were there': [
    ['purgeable-contract'],
    /^app reads what was at 0x\w+ of app: it was dropped while it was volatile, and nobody has written it since$/,
  ],
  'I11 a device is given what was dropped': [
    ['purgeable-contract'],
    /^app reads what was in frame \d+: it was dropped/,
  ],
  'I7 a store past the marks is lost when the page goes': [
    ['lost-write'],
    /^a page is paged out from frame \d+ as if it were clean/,
  ],
};

for (const name of await scenarioNames(url))
  test(name, async () => {
    const found = await everySchedule(url, name, { 'data-race': 'off' });
    const [rules, message] = broken[name] ?? [[], null];
    assert.is(rules.length > 0, name.startsWith('I'));
    assert.equal(found.rules, rules);
    if (message !== null)
      assert.ok(
        found.messages.some((text) => message.test(text)),
        found.messages.join('\n'),
      );
  });

test.run();
