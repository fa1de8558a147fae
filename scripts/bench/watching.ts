/**
 * What the watched invariants cost. All but one are asked where something rare happens (a page goes, a frame is freed by hand), or are a
 * look at a field; the one with a price at each step is I6, since a device's every beat is examined. It is measured against the same
 * exploration with nobody examining. The history of pages is kept only in the execution that tells a failure: that is the other ratio.
 */
import { Explorer, flag } from '../../src/explore/explorer.ts';
import { ReachMap } from '../../src/explore/reach-map.ts';
import { Reproducer } from '../../src/explore/reproducer.ts';
import { loadScenario } from '../../src/machine/scenario-loader.ts';
import { RunsSchedule, runsOf } from '../../src/schedule/runs.ts';
import { settingsOf } from './campaign-settings.ts';
import { type Figure, sideBySide, thousands } from './measure.ts';

const executions = 300;
const settings = settingsOf('random');

/** Of the processor, since `start`: what others do on the machine meanwhile counts for nothing. */
function microseconds(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return user + system;
}

export async function watchingFigures(): Promise<Figure[]> {
  const loaded = await loadScenario(new URL('./programs/transfers.ts', import.meta.url).href, null);
  const watched = new Explorer(loaded, settings);
  const unwatched = new Explorer(loaded, settings);
  unwatched.machine.state.kernel.examine = () => {};
  const flags = new Int32Array(flag.words);
  const reach = new ReachMap();
  for (const explorer of [watched, unwatched])
    reach.merge(explorer.explore({ from: 1, to: 16, points: [], widenAtOnce: true }, flags).reached);
  const points = reach.points();
  const nanosecondsAStep = (explorer: Explorer) => () => {
    const start = process.cpuUsage();
    const { steps } = explorer.explore({ from: 1, to: executions, points, widenAtOnce: false }, flags);
    return (microseconds(start) * 1000) / steps;
  };
  const dma = await sideBySide(nanosecondsAStep(watched), nanosecondsAStep(unwatched));

  const reproducer = new Reproducer(loaded, settings, flags);
  const runs = runsOf(watched.machine.trace);
  const attempts = (keep: boolean) => () => {
    reproducer.machine.keepHistory(keep);
    const start = process.cpuUsage();
    for (let i = 0; i < 50; i++) reproducer.attempt(new RunsSchedule(runs));
    const taken = microseconds(start);
    reproducer.machine.keepHistory(false);
    return taken / 50;
  };
  const history = await sideBySide(attempts(true), attempts(false));
  return [
    {
      name: 'exploring DMA, each beat examined, against nobody examining',
      target: 'at most 1.2 times the time a step',
      value: `${dma.ratio.toFixed(2)} times`,
      reached: dma.ratio <= 1.2,
      behind: `${thousands(dma.a)} ns and ${thousands(dma.b)} ns a step`,
    },
    {
      name: 'an execution that keeps the history of pages, against one that does not',
      target: 'at most twice the time; one execution a failure pays it',
      value: `${history.ratio.toFixed(2)} times`,
      reached: history.ratio <= 2,
      behind: `${history.a.toFixed(0)} µs and ${history.b.toFixed(0)} µs an execution`,
    },
  ];
}
