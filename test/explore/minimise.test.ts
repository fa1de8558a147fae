/**
 * Minimising and explaining (issue 4, part 8): the fewest preemptions that the planted bugs need, as they are published, and an order
 * of two steps that each explanation must name. In this very thread: no pool, no confirmation.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { planted } from '../../scripts/bench/first-failure.ts';
import type { ExecutionSettings } from '../../src/explore/explorer.ts';
import { Explorer, flag } from '../../src/explore/explorer.ts';
import { ExplorerService, type Reproduced } from '../../src/explore/explorer-service.ts';
import type { Failure, OrderFlip } from '../../src/explore/results.ts';
import { loadScenario } from '../../src/machine/scenario-loader.ts';

const test = suite('minimise');
const urlOf = (path: string): string => new URL(`../../scripts/${path}.ts`, import.meta.url).href;
const bugs = (name: string): string => urlOf(`bench/programs/bugs/${name}`);

/** The first failure of a campaign, minimised. */
async function minimised(url: string, scenario: string): Promise<Failure> {
  const settings: ExecutionSettings = {
    strategy: 'surw',
    ...{ seed: 1, preemptions: null, rules: planted, maximumSteps: 20_000, stopAtFirst: true },
  };
  const flags = new Int32Array(flag.words);
  const explorer = new Explorer(await loadScenario(url, scenario), settings);
  const { found } = explorer.explore({ from: 1, to: 3000, points: [], widenAtOnce: true }, flags);
  const { token, rule } = found[0]!;
  const job = { kind: 'minimise', token, rule, points: [] } as const;
  const reply = await new ExplorerService().serve({ job, target: { url, scenario, settings }, flags });
  assert.ok(reply.ok, reply.ok ? '' : reply.error.message);
  const { failure, others } = (reply.value as Reproduced).replay;
  return [failure!, ...others].find((one) => one.rule === rule)!;
}

/** 'app.0 load32 before app.1 store32': what is so where it fails. */
const told = ({ first, second }: OrderFlip): string =>
  [first, second].map(({ thread, description }) => `${thread} ${description.replace(/\(.*/, '')}`).join(' before ');

const programs: readonly [url: string, scenario: string, preemptions: number, order: string][] = [
  [bugs('lost-update'), 'lost_update_2x1', 1, 'app.0 load32 before app.1 store32'],
  [bugs('reorder'), 'reorder_3', 1, 'app.1 store32 before app.2 load32'],
  [bugs('bluetooth'), 'bluetooth_driver', 1, 'app.worker load32 before app.stopper store32'],
  [bugs('work-steal-queue'), 'WorkStealQueue', 2, 'app.thief atomic.exchange before app.owner atomic.load'],
  [urlOf('scenarios/deadlock'), 'deadlock', 1, 'kernel.submit lock before kernel.abort lock'],
];

for (const [url, scenario, preemptions, order] of programs) {
  test(`${scenario} is shrunk to ${preemptions} preemption(s), and vanishes but for ${order}`, async () => {
    const failure = await minimised(url, scenario);
    assert.is(failure.preemptions, preemptions);
    assert.equal(failure.explanation?.map(told), [order]);
  });
}

test('what fails in every order is not explained by one', async () => {
  const failure = await minimised(bugs('always'), 'sync01');
  assert.is(failure.explanation, undefined);
});

test.run();
