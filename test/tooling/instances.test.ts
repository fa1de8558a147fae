import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { makeFixture } from './instances-fixture.ts';

interface Observation {
  thread: 'main' | 'worker';
  file: string;
  counts: number[];
  lazy?: number[];
  shared: number;
  library: boolean;
  place?: string;
}

const fixture = makeFixture();
test.after(() => fixture.remove());

function observe(kind: 'source' | 'built', scenarios: string[]): { observations: Observation[]; stderr: string } {
  const args = kind === 'source' ? ['--import', 'tsx', 'src/observe.ts'] : ['dist/src/observe.js'];
  const env: NodeJS.ProcessEnv = { ...process.env, USERS: fixture.users, SCENARIOS: scenarios.join(',') };
  delete env.NODE_OPTIONS;
  const cwd = join(fixture.folder, 'package');
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd, env, encoding: 'utf8', timeout: 60_000 });
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  return { observations: lines.map((line) => JSON.parse(line) as Observation), stderr };
}

for (const kind of ['source', 'built'] as const) {
  const { observations, stderr } = observe(kind, fixture.scenarios);

  test(`${kind}: every scenario loads in the main thread and in a worker, without a warning`, () => {
    assert.is(stderr, '');
    for (const thread of ['main', 'worker']) {
      const files = observations.filter((one) => one.thread === thread).map((one) => one.file);
      assert.equal(files, fixture.scenarios);
    }
  });

  for (const { thread, file, counts, lazy, shared, library, place } of observations) {
    test(`${kind}, ${thread}: ${file} has its own modules, shares node_modules, and sees our library`, () => {
      assert.equal(counts, [1, 2, 1, 2], 'two instances count apart, the same instance goes on');
      if (lazy !== undefined) assert.equal(lazy, [1, 2, 1], 'also what it requires later');
      assert.is(shared, 1);
      assert.is(library, true);
      if (place !== undefined)
        assert.match(place, new RegExp(`${file.replace('.', '\\.')}:6:\\d+\\)?$`), 'its own line');
    });
  }
}

test('a built library loads tsx when a JavaScript scenario turns out to import TypeScript', () => {
  const { observations, stderr } = observe('built', ['typeless/uses-ts.mjs', 'module/js.js']);
  assert.is(stderr, '');
  assert.equal(
    observations.map((one) => one.counts),
    Array(4).fill([1, 2, 1, 2]),
  );
});

test.run();
