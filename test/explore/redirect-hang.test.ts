// deadline: 240
/** The gallery's redirect hang (race-catalogue.md, B35 a): found, explained, replayed; its mended form is searched in vain. */
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { explore } from '../../src/explore/explore.ts';
import { replay } from '../../src/explore/replay.ts';

const gallery = (name: string): string => fileURLToPath(new URL(`../../scripts/scenarios/${name}.ts`, import.meta.url));

test('a driver that waits for its client while the client’s memory is away hangs both', async () => {
  const found = [
    await explore(gallery('redirect-hang'), { stopAtFirst: true, timeBudget: '60s', workers: 1 }),
  ].flat()[0]!;
  const failure = found.failures[0]!;
  assert.is(failure.rule, 'deadlock');
  assert.match(
    failure.message,
    /client waits for the map of client at 0x[0-9a-f]+, which kernel\.move redirected to nothing/,
  );
  assert.match(failure.message, /kernel\.move waits for a message to kernel\.move/);
  assert.is(failure.preemptions, 0);
  assert.is(failure.confirmed, true);
  const again = await replay(gallery('redirect-hang'), failure.token, { carrier: 'inline' });
  assert.is(again.failure?.rule, 'deadlock');
  assert.is(again.traceHash, failure.traceHash);
});

test('one that hears from its client first never does, in whatever order', async () => {
  const options = { strategy: 'dfs', timeBudget: '60s', workers: 1 } as const;
  const found = [await explore(gallery('redirect-hang-fixed'), options)].flat()[0]!;
  assert.is(found.exhausted, true);
  assert.equal(found.failures, []);
});

test.run();
