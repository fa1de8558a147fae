/**
 * What seeds give: the tokens of strategies that draw lots, as they were when this was written (execution.md, rules 6 and 23).
 * scripts/replay-matrix.ts runs this file on every version of Node.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Explorer, flag } from '../../src/explore/explorer.ts';
import { ReachMap } from '../../src/explore/reach-map.ts';
import { loadScenario } from '../../src/machine/scenario-loader.ts';
import { isIndependent, type StrategyName, strategyNames } from '../../src/schedule/strategies.ts';
import { tokenOf } from '../../src/schedule/token.ts';

const test = suite('golden seeds');
const program = new URL('../../scripts/bench/programs/bugs/reorder.ts', import.meta.url);

/** Golden: whoever changes these changes what every seed in the world finds. Executions 1, 16 (of the prologue), 17 and 100. */
const golden: Partial<Record<StrategyName, readonly string[]>> = {
  greybox: [
    'wd1:XSrIF0IgSYgCdmZOkdAdx2wA',
    'wd1:XSrIHBQiRJiAEiKASRWRsCTQkMEbAZOfgA',
    'wd1:XSrIFwJIRYgCdmZOkdByxy2A',
    'wd1:XSrIGxQiRIE6HQJIYJKzlDDFyNgZ1_cA',
  ],
  portfolio: [
    'wd1:XSrIFAak6R-0cDBlvA',
    'wd1:XSrIHBAkRJCJGwTodYghhk5G2LoYD3y-cA',
    'wd1:XSrIFwJIRYgCdmZOkdByxy2A',
    'wd1:XSrIF2IA1Y2itm5OkMB68WkA',
  ],
  random: [
    'wd1:XSrIGBAkhECTECdASaEjoDqlWQ',
    'wd1:XSrIGxAkhFiBKAJEbAkitjaGGbhVee6A',
    'wd1:XSrIGBBOShiBGwJMbR-zcLo9Uw',
    'wd1:XSrIGRQixAiQEidgSR0BJoQKZTzg',
  ],
  pct: [
    'wd1:XSrIFwJMQJ0BJH4EmhAsw24A',
    'wd1:XSrIFAao_aOToAgkWA',
    'wd1:XSrIGRQiRJiAEidgSR0BJoQHqIoA',
    'wd1:XSrIGhIkxBCIEidgSRWBJoSGALqOzA',
  ],
  pos: [
    'wd1:XSrIF2IESQiDUnbQkdAAp5cA',
    'wd1:XSrIGRQixAiQJ0OgSZmTtFgCoOLA',
    'wd1:XSrIGBYghEGrG0Vs3QwToE4t_w',
    'wd1:XSrIHRYgRJCIEiKASQ6BIjaLGZkbYuACzxI',
  ],
  surw: [
    'wd1:XSrIGBAkhECTECdASaEjoDqlWQ',
    'wd1:XSrIGxYghEiQJyKASQ6zMjaLCNg6Jp-A',
    'wd1:XSrIHRIkhFiAJyKASQ6SxkKGGLoYYuGYk7I',
    'wd1:XSrIGhQixAiQEiSgnRW0IjaGAWIopA',
  ],
  urw: [
    'wd1:XSrIGBAkhECTECdASaEjoDqlWQ',
    'wd1:XSrIGxAkRJCJGwTodYgixi5G2Tg_Vo4A',
    'wd1:XSrIGhBqhFiCGCJMXI2hgjbJwJYmfA',
    'wd1:XSrIHhIkhECTECSgSI2h0CTG0MMnQwxcMU1mAA',
  ],
};

for (const strategy of strategyNames.filter(isIndependent)) {
  test(`${strategy}: golden executions have the tokens that they had when this was written (rules 6, 23)`, async () => {
    const loaded = await loadScenario(program.href, 'reorder_3');
    const rules = { 'data-race': 'off' } as const;
    const settings = { strategy, seed: 1, preemptions: null, rules, maximumSteps: 1000, stopAtFirst: false };
    const explorer = new Explorer(loaded, settings);
    const tokens: string[] = [];
    let measured = {};
    const reach = new ReachMap();
    for (const [from, to] of [
      [1, 1],
      [1, 16],
      [17, 17],
      [100, 100],
    ] as const) {
      const points = reach.points();
      const job = { from, to, points, measured: from > 16 ? (measured as never) : [], widenAtOnce: from <= 16 };
      const result = explorer.explore(job, new Int32Array(flag.words));
      reach.merge(result.reached);
      if (from <= 16) measured = result.measured;
      tokens.push(tokenOf(explorer.machine.trace, loaded.digest, 1, explorer.actors.length - 1));
    }
    assert.equal(tokens, golden[strategy]);
  });
}

test.run();
