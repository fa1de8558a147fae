// deadline: 240
/** Loops that wait by looking are recognised unmarked (issue 4, part 5; machine/spins.ts), on both carriers with one trace. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadScenario } from '../../src/machine/scenario-loader.ts';
import { ThreadMachine } from '../../src/machine/threads/thread-machine.ts';
import { DepthFirstStrategy } from '../../src/schedule/depth-first.ts';
import { type Ended, Inline } from '../support/inline.ts';
import { within } from './support/bounded.ts';

const test = suite('loops that look');
const url = new URL('../fixtures/spin-scenarios.ts', import.meta.url).href;
const limit = 60_000;

const outcomes = (all: readonly Ended[]): string[] => [...new Set(all.map((ended) => String(ended.outcome)))].sort();
const rules = (ended: Ended): string[] => ended.violations.map(({ rule }) => rule);

/** Each scenario, the outcomes that every schedule with at most so many preemptions gives, and no other. */
const finite: readonly [name: string, preemptions: number | null, outcomes: string[]][] = [
  ['compare and exchange', 2, ['3']],
  ['test and set', 2, ['3']],
  ['test, then test and set', 2, ['3']],
  ['try lock', null, ['2']],
  ['twice', null, ['gave up', 'seen']],
  ['ten times', null, ['gave up', 'seen']],
  ['a hundred times', null, ['seen']],
  ['a hundred times, in vain', null, ['gave up']],
  ['ten times, buffered', null, ['gave up', 'seen']],
  ['twelve reads a round', null, ['seen']],
];

for (const [name, preemptions, expected] of finite) {
  test(`"${name}": depth-first search comes to its end, and each schedule replays`, async () => {
    const loaded = await loadScenario(url, name);
    const all = new Inline(loaded).all(preemptions);
    assert.equal(outcomes(all), expected);
    assert.equal(all.flatMap(rules), []);
    const counting = new Inline(loaded, { everyOperation: true });
    for (const ended of all.slice(0, 300)) assert.is(counting.replay(ended.runs).hash, ended.hash);
  });

  test(`"${name}": chance does not spin`, async () => {
    const run = new Inline(await loadScenario(url, name));
    run.reach.points.fill(1);
    for (let number = 1; number <= 200; number++) {
      const ended = run.random(number);
      assert.equal(rules(ended), []);
      assert.ok(ended.steps < 400, `execution ${number} took ${ended.steps} steps`);
    }
  });
}

test('when all that can run look in vain, that is a livelock, told with who looks at what', async () => {
  const run = new Inline(await loadScenario(url, 'nobody stores'));
  for (let number = 1; number <= 20; number++) {
    const ended = run.random(number);
    run.widen();
    assert.equal(rules(ended), ['livelock']);
    assert.match(
      ended.violations[0]!.text,
      /^nobody goes on: app\.looker does atomic\.load\(0x\w+\) = 0 and load32\(0x\w+\) = 0 again and again, app\.other does load32\(0x\w+\) = 0 again and again; besides, app\.sleeper waits for a message to app\.sleeper$/,
    );
    assert.ok(ended.steps < 6000, `${ended.steps} steps`);
  }
});

test('a loop that stores is none of these: the bound of steps ends it', async () => {
  const run = new Inline(await loadScenario(url, 'a long loop'), { maximumSteps: 5000 });
  run.reach.points.fill(1);
  const ended = run.random(1);
  assert.match(ended.violations[0]?.text ?? '', /^no end after 5000 steps/);
  const longer = new Inline(await loadScenario(url, 'a long loop'));
  assert.equal(rules(longer.random(1)), []);
});

for (const name of ['test, then test and set', 'try lock', 'ten times', 'nobody stores']) {
  test(`"${name}" gives one trace inline and on threads, and spins as little there`, async () => {
    const loaded = await loadScenario(url, name);
    const inline = new Inline(loaded, { everyOperation: true });
    const threads = await within(limit, name, ThreadMachine.boot(url, name, { maximumSteps: 20_000 }));
    try {
      const strategy = new DepthFirstStrategy(2);
      for (let number = 1; number <= 12; number++) {
        strategy.begin();
        for (let skipped = 0; skipped < 7 * (number - 1); skipped++) {
          inline.run(strategy);
          strategy.end();
          strategy.begin();
        }
        const ended = inline.run(strategy);
        strategy.end();
        const execution = await within(limit, 'a replay', threads.replay(ended.runs, {}));
        assert.is(execution.traceHash, ended.hash, `execution ${number}`);
        assert.is(execution.parted, -1);
        assert.equal(
          [...execution.texts.values()],
          ended.violations.map(({ text }) => text),
        );
        // Past the end of what is written nobody looks for longer than it has to, on either carrier.
        const cut = { ...ended.runs, runs: ended.runs.runs.slice(0, 1) };
        const short = await within(limit, 'a replay', threads.replay(cut, {}));
        assert.is(short.traceHash, inline.replay(cut).hash);
      }
    } finally {
      await within(limit, 'shutting down', threads.shutdown());
    }
  });
}

test.run();
