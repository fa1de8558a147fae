/**
 * What chunks of a campaign came to, a line each as soon as it is done: a campaign that was killed goes on where it was, and what shards
 * have recorded is put together without running it again. A chunk is a function of its numbers and of its lesson, and is found by both:
 * what was recorded under another lesson is no answer, however alike the numbers are. So a chunk counts once, however often it was run.
 *
 * Where the lines are kept is for others to say: in a file (record-file.ts), or with a job of a queue (queue/).
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { UsageError } from '../machine/errors.ts';
import { version } from '../machine/packaging.ts';
import type { ChunkResult } from './explorer.ts';
import type { Description, Target } from './explorer-service.ts';
import type { Lesson } from './knowledge.ts';
import { type ExploreOptions, type Settings, settle } from './options.ts';
import type { Chunk } from './rounds.ts';

/** The part of the settings that chunks depend on. */
export type RecordedSettings = Pick<
  Settings,
  | 'strategy'
  | 'depth'
  | 'equivalence'
  | 'preemptions'
  | 'delays'
  | 'memoryModel'
  | 'seed'
  | 'rules'
  | 'maximumSteps'
  | 'stopAtFirst'
> & {
  /** Null for no limit, which JSON has no number for. */
  readonly executions: number | null;
};

/** The first line of a record. Two that belong to one campaign are equal. */
export interface Heading {
  readonly wiredown: string;
  readonly scenario: string;
  readonly digest: string;
  /** Hash of the scenario's file. */
  readonly source: string;
  readonly settings: RecordedSettings;
}

interface Line {
  readonly chunk: string;
  readonly result: ChunkResult;
}

export class CampaignRecord {
  private readonly results = new Map<string, ChunkResult>();
  private heading: Heading | null = null;
  private headingFrom = '';

  /** @param append keeps a line: first the heading, unless it was read, then each new chunk; null where nothing is to be kept */
  constructor(private readonly append: ((line: string) => void) | null = null) {}

  /** Null when nothing was recorded yet. */
  get campaign(): Heading | null {
    return this.heading;
  }

  /** Executions that are on record, those of a common beginning once. */
  get executions(): number {
    let sum = 0;
    for (const result of this.results.values()) sum += result.executions;
    return sum;
  }

  /** Failures that are on record, by what they are about. */
  get failures(): number {
    const keys = new Set<number>();
    for (const { found } of this.results.values())
      for (const { level, key } of found) if (level === 'fail') keys.add(key);
    return keys.size;
  }

  /** The campaign that begins is `heading`. Throws UsageError when what was read is of another one. */
  begin(heading: Heading): void {
    const isNew = this.heading === null;
    this.head(heading, 'the one that begins');
    if (isNew) this.append?.(JSON.stringify(heading));
  }

  /** What was read from `from` ('the record x.jsonl') is of the campaign `heading`. Throws UsageError when something else was of another one. */
  head(heading: Heading, from: string): void {
    if (this.heading === null) {
      this.heading = heading;
      this.headingFrom = from;
      return;
    }
    const differing = differences(this.heading, heading);
    if (differing.length > 0)
      throw new UsageError(`${this.headingFrom} is of another campaign than ${from}: ${differing.join(', ')}`);
  }

  /** Takes in a line that was kept. False when it is none. */
  read(text: string): boolean {
    const line = parse(text) as Line | null;
    if (line?.chunk === undefined || line.result === undefined) return false;
    this.results.set(line.chunk, line.result);
    return true;
  }

  find(chunk: Chunk, lesson: Lesson): ChunkResult | null {
    return this.results.get(keyOf(chunk, lesson)) ?? null;
  }

  keep(chunk: Chunk, lesson: Lesson, result: ChunkResult): void {
    this.append?.(JSON.stringify({ chunk: keyOf(chunk, lesson), result } satisfies Line));
  }
}

/** The heading in a line; null when it is none. */
export function readHeading(text: string): Heading | null {
  const heading = parse(text) as Heading | null;
  return heading?.wiredown === undefined || heading.settings === undefined ? null : heading;
}

/** What the record of a campaign must be about. */
export function headingOf({ url }: Target, settings: Settings, { name, digest }: Description): Heading {
  const { strategy, depth, equivalence, preemptions, delays, memoryModel, seed, rules, maximumSteps, stopAtFirst } =
    settings;
  const { executions } = settings;
  const limit = Number.isFinite(executions) ? executions : null;
  return {
    wiredown: version(),
    scenario: name,
    digest,
    source: createHash('sha256')
      .update(readFileSync(new URL(url)))
      .digest('hex')
      .slice(0, 16),
    settings: {
      strategy,
      depth,
      equivalence,
      preemptions,
      delays,
      memoryModel,
      seed,
      rules,
      maximumSteps,
      stopAtFirst,
      executions: limit,
    },
  };
}

/** The settings of a campaign that was recorded, with `options` for the rest; it takes as long as it takes. Throws UsageError. */
export function settledAs({ scenario, settings }: Heading, options: ExploreOptions): Settings {
  const { strategy: name, depth, equivalence, preemptions, delays, memoryModel, executions, ...rest } = settings;
  const settled = settle({
    ...options,
    ...rest,
    scenario,
    strategy: { name, ...(name === 'pct' ? { depth } : {}), ...(name === 'dpor' ? { equivalence } : {}) },
    ...(preemptions === null ? {} : { preemptions }),
    ...(delays === null ? {} : { delays }),
    ...(memoryModel === null ? {} : { memoryModel }),
    ...(executions === null ? {} : { executions }),
  });
  return { ...settled, timeBudget: Number.POSITIVE_INFINITY };
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

function keyOf({ from, to, share }: Chunk, { points, measured }: Lesson): string {
  const lesson = createHash('sha256')
    .update(JSON.stringify([points, measured]))
    .digest('hex')
    .slice(0, 16);
  const part = share === undefined ? '' : ` ${share.tier}:${share.index}/${share.count}`;
  return `${from}-${to}${part} ${lesson}`;
}

/** In words, what the headings do not agree about. */
function differences(a: Heading, b: Heading): string[] {
  const differing: string[] = [];
  const compare = (what: string, left: unknown, right: unknown): void => {
    const [one, two] = [JSON.stringify(left), JSON.stringify(right)];
    if (one !== two) differing.push(`${what} ${one} and ${two}`);
  };
  compare('wiredown', a.wiredown, b.wiredown);
  compare('scenario', a.scenario, b.scenario);
  if (a.digest !== b.digest || a.source !== b.source) differing.push('the scenario was changed in between');
  for (const key of new Set([...Object.keys(a.settings), ...Object.keys(b.settings)]) as Set<keyof RecordedSettings>)
    compare(key, a.settings[key], b.settings[key]);
  return differing;
}
