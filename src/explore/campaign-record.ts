/**
 * What chunks of a campaign came to, kept in a file, a line each as soon as it is done: a campaign that was killed goes on where it was,
 * and what shards have recorded is put together without running it again. A chunk is a function of its numbers and of its lesson, and is
 * found by both: what was recorded under another lesson is no answer, however alike the numbers are.
 *
 * The first line says what the rest is about. A last line that was cut off is no line.
 */
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs';
import { UsageError } from '../machine/errors.ts';
import { version } from '../machine/packaging.ts';
import type { ChunkResult } from './explorer.ts';
import type { Description, Target } from './explorer-service.ts';
import type { Lesson } from './knowledge.ts';
import type { Settings } from './options.ts';
import type { Chunk } from './rounds.ts';

/** The part of the settings that chunks depend on. */
export type RecordedSettings = Pick<
  Settings,
  'strategy' | 'depth' | 'seed' | 'rules' | 'maximumSteps' | 'stopAtFirst'
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

  /**
   * @param files read; all must be of one campaign, and exist unless it is the one of `to`
   * @param to appended to, or null
   * @throws UsageError for a file that cannot be read, is no record, or is of another campaign than those before it
   */
  constructor(
    files: readonly string[],
    private readonly to: string | null,
  ) {
    for (const file of files) if (file !== to || existsSync(file)) this.read(file);
  }

  /** Null when nothing was recorded yet. */
  get campaign(): Heading | null {
    return this.heading;
  }

  /** The campaign that begins is `heading`. Throws UsageError when what was read is of another one. */
  begin(heading: Heading): void {
    if (this.heading !== null) {
      this.compare(heading, 'the one that begins');
      return;
    }
    this.heading = heading;
    if (this.to !== null) this.write(heading);
  }

  find(chunk: Chunk, lesson: Lesson): ChunkResult | null {
    return this.results.get(keyOf(chunk, lesson)) ?? null;
  }

  keep(chunk: Chunk, lesson: Lesson, result: ChunkResult): void {
    if (this.to !== null) this.write({ chunk: keyOf(chunk, lesson), result } satisfies Line);
  }

  private write(line: object): void {
    try {
      appendFileSync(this.to!, `${JSON.stringify(line)}\n`);
    } catch (error) {
      throw new UsageError(`the record ${this.to} cannot be written: ${(error as Error).message}`);
    }
  }

  private read(file: string): void {
    let bytes: Buffer;
    try {
      bytes = readFileSync(file);
    } catch (error) {
      throw new UsageError(`the record ${file} cannot be read: ${(error as Error).message}`);
    }
    const whole = bytes.lastIndexOf('\n') + 1;
    const [first = '', ...lines] = bytes.subarray(0, whole).toString().trimEnd().split('\n');
    const heading = parse(first) as Heading | null;
    if (whole === 0 || heading?.wiredown === undefined || heading.settings === undefined)
      throw new UsageError(`${file} is no record of a campaign: its first line does not say what it is about`);
    if (this.heading === null) this.heading = heading;
    else this.compare(heading, file);
    this.headingFrom ||= file;
    lines.forEach((text, i) => {
      const line = parse(text) as Line | null;
      if (line?.chunk === undefined || line.result === undefined)
        throw new UsageError(
          `line ${i + 2} of the record ${file} is garbled: remove it, and what it said is run again`,
        );
      this.results.set(line.chunk, line.result);
    });
    // What is appended must not follow half a line.
    if (file === this.to && whole < bytes.length) truncateSync(file, whole);
  }

  private compare(other: Heading, what: string): void {
    const differing = differences(this.heading!, other);
    if (differing.length > 0)
      throw new UsageError(
        `the record ${this.headingFrom} is of another campaign than ${what}: ${differing.join(', ')}`,
      );
  }
}

/** What the record of a campaign must be about. */
export function headingOf({ url }: Target, settings: Settings, { name, digest }: Description): Heading {
  const { strategy, depth, seed, rules, maximumSteps, stopAtFirst, executions } = settings;
  const limit = Number.isFinite(executions) ? executions : null;
  return {
    wiredown: version(),
    scenario: name,
    digest,
    source: createHash('sha256')
      .update(readFileSync(new URL(url)))
      .digest('hex')
      .slice(0, 16),
    settings: { strategy, depth, seed, rules, maximumSteps, stopAtFirst, executions: limit },
  };
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

function keyOf({ from, to }: Chunk, { points, measured }: Lesson): string {
  const lesson = createHash('sha256')
    .update(JSON.stringify([points, measured]))
    .digest('hex')
    .slice(0, 16);
  return `${from}-${to} ${lesson}`;
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
