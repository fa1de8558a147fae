/**
 * Two explorers against one: the same rounds of a campaign, with their barriers and the merging of what was found, spread over
 * one worker and over two. Both campaigns are under way and warm, and take turns round by round, half a second each.
 *
 * (Rejected: whole campaigns in turn. In the seconds that one takes, the neighbours of a virtual machine change what a core
 * gives by a third, so the ratio was that of two moments. The rounds are disturbed as well, for a second at a time, which no look
 * at the core before and after them shows: so it is many of them, and the ratio of the medians.)
 */
import { headingOf } from '../../src/explore/campaign-record.ts';
import { ChunkRunner } from '../../src/explore/chunk-runner.ts';
import { targetOf } from '../../src/explore/explore.ts';
import { ExplorerPool } from '../../src/explore/explorer-pool.ts';
import { settle } from '../../src/explore/options.ts';
import { recordOf } from '../../src/explore/record-file.ts';
import { type Chunk, rounds } from '../../src/explore/rounds.ts';
import { type Figure, median, thousands } from './measure.ts';

const file = new URL('./programs/lost-update.ts', import.meta.url).href;
/** Rounds grow up to this size, and stay at it. */
const fullRound = 524_288;
const turns = 40;

export async function explorersFigure(): Promise<Figure> {
  const two = await CampaignInHand.begin(2);
  const one = await CampaignInHand.begin(1);
  try {
    const [a, b]: [number[], number[]] = [[], []];
    for (let turn = 0; turn < turns; turn++) {
      a.push(await two.round());
      b.push(await one.round());
    }
    const ratio = median(b) / median(a);
    return {
      name: 'two explorers against one',
      target: 'at least 1.8 ×',
      value: `${ratio.toFixed(2)} ×`,
      reached: ratio >= 1.8,
      behind: `${thousands(fullRound / median(a))} and ${thousands(fullRound / median(b))} executions/s`,
    };
  } finally {
    await Promise.all([two.end(), one.end()]);
  }
}

/** A campaign that goes on by a round when it is told to. */
class CampaignInHand {
  private constructor(
    private readonly pool: ExplorerPool,
    private readonly runner: ChunkRunner,
    private readonly cuts: Generator<Chunk[]>,
  ) {}

  /** Has done all rounds that are smaller, and one that is not. */
  static async begin(workers: number): Promise<CampaignInHand> {
    const settings = settle({ strategy: 'random', workers, rules: { 'data-race': 'off' } });
    const target = targetOf(file, null, settings);
    const pool = new ExplorerPool(target, workers, settings.stallTimeout);
    const [description] = await Promise.all(Array.from({ length: workers }, () => pool.run({ kind: 'load' })));
    const record = recordOf([], null);
    record.begin(headingOf(target, settings, description!));
    const campaign = new CampaignInHand(
      pool,
      new ChunkRunner(pool, record, settings),
      rounds(Number.POSITIVE_INFINITY),
    );
    while ((await campaign.next()) < fullRound);
    return campaign;
  }

  /** Seconds that a full round took. */
  async round(): Promise<number> {
    const start = performance.now();
    const executions = await this.next();
    if (executions !== fullRound) throw new Error(`bench: a round of ${executions} executions, not ${fullRound}`);
    return (performance.now() - start) / 1000;
  }

  async end(): Promise<void> {
    await this.pool.destroy();
  }

  /** Executions of the round that has been done. */
  private async next(): Promise<number> {
    const { value: chunks } = this.cuts.next();
    await this.runner.round(chunks!, false);
    return chunks!.reduce((sum: number, { from, to }: { from: number; to: number }) => sum + to - from + 1, 0);
  }
}
