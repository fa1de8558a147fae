/**
 * Has chunks explored, and merges what they come to in their order: so that it is the same however many explorers there are, and which of
 * the chunks were on record.
 */
import { isIndependent } from '../schedule/strategies.ts';
import type { CampaignRecord } from './campaign-record.ts';
import type { ChunkResult } from './explorer.ts';
import type { ExplorerPool } from './explorer-pool.ts';
import { Knowledge, type Lesson } from './knowledge.ts';
import type { Settings } from './options.ts';
import { type Chunk, lanes } from './rounds.ts';
import { isOf } from './shard.ts';
import { Tally } from './tally.ts';

export class ChunkRunner {
  /** Executions that were found in the record. */
  recalled = 0;
  private counted = new Tally();
  /** Of the common beginning, and once that is over of each lane. */
  private readonly common = new Knowledge();
  private readonly lanes: Knowledge[] = [];
  /** Executions of chunks that are done and not merged yet. */
  private unmerged = 0;

  constructor(
    private readonly pool: ExplorerPool,
    private readonly record: CampaignRecord,
    private readonly settings: Settings,
  ) {}

  /** What came of all chunks so far. */
  get tally(): Tally {
    return this.counted;
  }

  /** Executions so far, those included that are under way. */
  get executions(): number {
    return this.tally.executions + this.unmerged + this.pool.underWay;
  }

  get isStopped(): boolean {
    return this.pool.isStopped;
  }

  get isDecided(): boolean {
    return this.tally.exhausted !== null || (this.settings.stopAtFirst && this.tally.failedAt !== null);
  }

  /** Pages that are shared, as far as anybody knows. */
  get points(): readonly number[] {
    return Knowledge.union([this.common, ...this.lanes]).lesson().points;
  }

  /** What was found stays found; executions are counted anew. */
  beginAnew(): void {
    this.counted = new Tally(this.counted);
    this.recalled = 0;
  }

  /** Runs chunks side by side; merges them in order, dropping what lies behind one that ends the round. → what was merged. */
  async round(chunks: readonly Chunk[], widenAtOnce: boolean): Promise<ChunkResult[]> {
    const lessons = chunks.map((chunk) => this.knowledgeFor(chunk).lesson());
    const { shard, executions: limit } = this.settings;
    const results = new Array<ChunkResult | undefined>(chunks.length);
    let next = 0;
    let last = chunks.length;
    const work = async (): Promise<void> => {
      while (next < last && this.tally.executions + this.unmerged < limit) {
        const index = next++;
        const chunk = chunks[index]!;
        if (shard !== null && !isOf(shard, chunk)) continue;
        const result = await this.resultOf(chunk, lessons[index]!, widenAtOnce);
        if (result === null) continue;
        results[index] = result;
        this.unmerged += result.executions;
        if (this.ends(chunk, lessons[index]!, result)) last = Math.min(last, index + 1);
      }
    };
    await Promise.all(Array.from({ length: this.pool.workers }, work));
    this.unmerged = 0;
    const merged: ChunkResult[] = [];
    for (let i = 0; i < last; i++) {
      const room = limit - this.tally.executions;
      let result: ChunkResult | null = results[i] ?? null;
      // Shares are as long as they are, and nobody knew how long those before it would turn out to be.
      if (result !== null && result.executions > room)
        result = room > 0 ? await this.resultOf({ ...chunks[i]!, to: room }, lessons[i]!, widenAtOnce) : null;
      if (result === null) continue;
      merged.push(result);
      if (result === this.record.find(chunks[i]!, lessons[i]!)) this.recalled += result.executions;
      this.tally.merge(result, chunks[i]!);
      this.knowledgeFor(chunks[i]!).merge(result);
    }
    return merged;
  }

  /** Whether what lies behind the chunk has no place in the round. */
  private ends({ share }: Chunk, lesson: Lesson, result: ChunkResult): boolean {
    if (result.failedAt !== null && this.settings.stopAtFirst) return true;
    return share === undefined ? result.exhausted !== null : widens(lesson, result);
  }

  /** As it was recorded, or by running it; null when it was not recorded and there is no time to. */
  private async resultOf(chunk: Chunk, lesson: Lesson, widenAtOnce: boolean): Promise<ChunkResult | null> {
    const recorded = this.record.find(chunk, lesson);
    if (recorded !== null) return recorded;
    if (this.pool.isStopped) return null;
    const { from, to, share, kind = 'chunk' } = chunk;
    const widens = widenAtOnce || kind !== 'chunk';
    const job = { from, to, ...lesson, widenAtOnce: widens, ...(share === undefined ? {} : { share }) };
    const result = await this.pool.run({ kind, chunk: job });
    const isWhole =
      result.executions === to - from + 1 || this.ends(chunk, lesson, result) || result.exhausted !== null;
    if (isWhole) this.record.keep(chunk, lesson, result);
    return result;
  }

  private knowledgeFor({ lane, share }: Chunk): Knowledge {
    if (lane === null || share !== undefined || !isIndependent(this.settings.strategy)) return this.common;
    while (this.lanes.length < lanes) this.lanes.push(this.common.copy());
    return this.lanes[lane]!;
  }
}

/** Whether the chunk has found pages to be shared that nobody knew of. */
const widens = ({ points }: Lesson, { reached }: ChunkResult): boolean =>
  reached.some(([frame, actor]) => actor === 0 && !points.includes(frame));
