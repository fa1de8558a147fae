/** What exploring can be told, checked once: every bad value is one line that names the option and what was expected. */
import { availableParallelism } from 'node:os';
import * as v from 'valibot';
import { type MemoryModel, memoryModels } from '../hardware/configuration.ts';
import { type RuleName, ruleNames } from '../kernel/rules.ts';
import { show } from '../kernel/wire.ts';
import { UsageError, UsageRangeError } from '../machine/errors.ts';
import {
  defaultDepth,
  type Equivalence,
  equivalences,
  isIndependent,
  type StrategyName,
  strategyNames,
} from '../schedule/strategies.ts';
import { defaultQueueTimeout, type Fleet, fleetOf, mostShards } from './queue/fleet-options.ts';
import type { Exploration } from './results.ts';
import { readShard, type Shard } from './shard.ts';

export interface Progress {
  readonly executions: number;
  /** Milliseconds since the start. */
  readonly elapsed: number;
  readonly failures: number;
}

export interface ExploreOptions {
  /** Which scenario of the file; needed when it has several. */
  scenario?: string;
  /**
   * 'portfolio' (default), 'random', 'pct', 'pos', 'urw', 'surw', 'greybox', 'dfs' or 'dpor'; or an object with its name, and
   * for 'pct' how many orderings a bug may need (`depth`, 1 to 100; 3), for 'dpor' which executions count as one (`equivalence`): those with the same
   * order of conflicting steps ('traces', the default), or with the same writes for all to read from ('reads-from'; inline alone).
   */
  strategy?: StrategyName | { name: StrategyName; depth?: number; equivalence?: Equivalence };
  /** At most this many executions. Default: as many as fit the time. */
  executions?: number;
  /** Milliseconds, or '500ms', '10s', '2m'. Default 10 s. */
  timeBudget?: number | string;
  /** What chance depends on, 0 to 2^32 - 1. Default 1. */
  seed?: number;
  /** Explorers at work. Default: a core each. */
  workers?: number;
  /** Stop at the first failure, once every execution before it is done. */
  stopAtFirst?: boolean;
  /** Only schedules with at most so many preemptions ('dfs'). */
  preemptions?: number;
  /** Only schedules with at most so many delays ('dfs'); not together with `preemptions`. */
  delays?: number;
  /** What is between stores and memory, in place of `machine.memoryModel`: 'sc', 'tso' or 'pso'. Tokens hold under it alone. */
  memoryModel?: MemoryModel;
  /** Rule → 'fail', 'note' or 'off'. */
  rules?: Partial<Record<RuleName, 'fail' | 'note' | 'off'>>;
  /** 'inline' (default) or 'threads', which is a hundred times slower and needs no re-execution. */
  carrier?: 'inline' | 'threads';
  /** Milliseconds that a task may run without any operation. Default 10 s. */
  stallTimeout?: number | string;
  /** Steps after which an execution is a livelock. Default 20,000. */
  maximumSteps?: number;
  /** Whether execution 1 is also run on threads at the start, and failures are confirmed there. Default true. */
  threadCheck?: boolean;
  /** '2/3': only the second of three parts of the executions; put together by `merge`. Needs `record`, and `executions` but for 'dfs' and 'dpor', which come to an end. */
  shard?: string;
  /** Path of a file that is told what was explored, chunk by chunk. One that exists is gone on with. */
  record?: string;
  /** Estimate from so many probes, 2 to 1,000,000, how many traces there are, before anything is explored; 300 are a start. Default: none. */
  estimate?: number;
  /** URL of a Redis ('redis://localhost:6379'): `work` explores the shards, here they are put together. Needs BullMQ, and `executions` as `shard` does. */
  queue?: string;
  /** How many shards a queue is given, 1 to 64. Default 8. */
  shards?: number;
  /** How long Redis, or every worker, may be away: milliseconds or a time, 1 s to 1 h. Default 1 min. */
  queueTimeout?: number | string;
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
}

export interface ReplayOptions
  extends Pick<ExploreOptions, 'scenario' | 'memoryModel' | 'rules' | 'maximumSteps' | 'stallTimeout' | 'carrier'> {
  /** Where the token no longer fits, go on as near to it as possible. Default false. */
  bestEffort?: boolean;
}

export interface Settings {
  readonly scenario: string | null;
  readonly strategy: StrategyName;
  readonly depth: number;
  readonly equivalence: Equivalence;
  readonly executions: number;
  readonly timeBudget: number;
  readonly seed: number;
  readonly workers: number;
  readonly stopAtFirst: boolean;
  readonly preemptions: number | null;
  readonly delays: number | null;
  readonly memoryModel: MemoryModel | null;
  readonly rules: Partial<Record<RuleName, 'fail' | 'note' | 'off'>>;
  readonly carrier: 'inline' | 'threads';
  readonly stallTimeout: number;
  readonly maximumSteps: number;
  readonly threadCheck: boolean;
  readonly shard: Shard | null;
  readonly record: string | null;
  readonly estimate: number | null;
  readonly fleet: Fleet | null;
  /** Whether failures are minimised and told. Not in a shard whose record others put together. */
  readonly tells: boolean;
  readonly signal: AbortSignal | null;
  readonly onProgress: ((progress: Progress) => void) | null;
}

const integer = (minimum: number, maximum: number, what: string) =>
  v.pipe(
    v.number(`expected ${what}`),
    v.integer(`expected ${what}`),
    v.minValue(minimum, `expected ${what}`),
    v.maxValue(maximum, `expected ${what}`),
  );

const time = v.union([v.number(), v.string()], 'expected milliseconds, or a time such as 500ms, 10s, 2m');

const schema = v.strictObject({
  scenario: v.optional(v.string('expected the name of a scenario')),
  strategy: v.optional(
    v.union(
      [
        v.picklist(strategyNames),
        v.strictObject({
          name: v.picklist(strategyNames),
          depth: v.optional(v.number()),
          equivalence: v.optional(v.string()),
        }),
      ],
      `expected one of ${strategyNames.join(', ')}`,
    ),
  ),
  executions: v.optional(integer(1, Number.MAX_SAFE_INTEGER, 'a whole number from 1')),
  timeBudget: v.optional(time),
  seed: v.optional(integer(0, 2 ** 32 - 1, 'a whole number from 0 to 2^32 - 1')),
  workers: v.optional(integer(1, 256, 'a whole number from 1 to 256')),
  stopAtFirst: v.optional(v.boolean('expected true or false')),
  preemptions: v.optional(integer(0, 1000, 'a whole number from 0 to 1000')),
  delays: v.optional(integer(0, 1000, 'a whole number from 0 to 1000')),
  memoryModel: v.optional(v.picklist(memoryModels, `expected one of ${memoryModels.join(', ')}`)),
  rules: v.optional(
    v.record(
      v.picklist(ruleNames, `expected one of the rules ${ruleNames.join(', ')}`),
      v.picklist(['fail', 'note', 'off'], 'expected fail, note or off'),
      'expected an object of rules',
    ),
  ),
  carrier: v.optional(v.picklist(['inline', 'threads'], 'expected inline or threads')),
  stallTimeout: v.optional(time),
  maximumSteps: v.optional(integer(1, 10_000_000, 'a whole number from 1 to 10,000,000')),
  threadCheck: v.optional(v.boolean('expected true or false')),
  shard: v.optional(v.string('expected a shard, as 2/3')),
  record: v.optional(v.pipe(v.string('expected a path'), v.nonEmpty('expected a path'))),
  estimate: v.optional(integer(2, 1_000_000, 'a whole number from 2 to 1,000,000')),
  queue: v.optional(v.string('expected the URL of a Redis')),
  shards: v.optional(integer(1, mostShards, `a whole number from 1 to ${mostShards}`)),
  queueTimeout: v.optional(time),
  signal: v.optional(v.instance(AbortSignal, 'expected an AbortSignal')),
  onProgress: v.optional(v.function('expected a function')),
});

export const defaultMaximumSteps = 20_000;

/** More orderings than this are no different from chance. */
const mostDepth = 100;

/** Fills in defaults. Throws UsageError. */
export function settle(options: ExploreOptions = {}): Settings {
  const parsed = v.safeParse(schema, options);
  if (!parsed.success) {
    const issue = parsed.issues[0];
    const path = issue.path?.map((item) => String(item.key)).join('.') ?? 'options';
    if (issue.type === 'strict_object')
      throw new UsageError(`${path}: there is no such option (${Object.keys(schema.entries).join(', ')})`);
    throw new UsageError(`${path}: ${issue.message}, got ${show(issue.input)}`);
  }
  const { strategy, depth, equivalence } = chosen(options.strategy ?? 'portfolio');
  checkBounds(options, strategy);
  if (options.estimate !== undefined && options.carrier === 'threads')
    throw new UsageError('estimate: probes are carried inline: leave out the carrier threads');
  if (equivalence === 'reads-from' && options.carrier === 'threads')
    throw new UsageError('strategy: what reads from what is explored inline: leave out the carrier threads');
  checkParts(options, strategy);
  return {
    scenario: options.scenario ?? null,
    strategy,
    depth,
    equivalence,
    executions: options.executions ?? Number.POSITIVE_INFINITY,
    timeBudget: timeBudgetOf(options),
    seed: options.seed ?? 1,
    workers: options.workers ?? availableParallelism(),
    stopAtFirst: options.stopAtFirst ?? false,
    preemptions: options.preemptions ?? null,
    delays: options.delays ?? null,
    memoryModel: options.memoryModel ?? null,
    rules: options.rules ?? {},
    carrier: options.carrier ?? 'inline',
    stallTimeout: milliseconds(options.stallTimeout ?? 10_000, 'stallTimeout'),
    maximumSteps: options.maximumSteps ?? defaultMaximumSteps,
    threadCheck: options.threadCheck ?? true,
    shard: options.shard === undefined ? null : readShard(options.shard),
    record: options.record ?? null,
    estimate: options.estimate ?? null,
    fleet: fleetOf(options, milliseconds(options.queueTimeout ?? defaultQueueTimeout, 'queueTimeout')),
    tells: true,
    signal: options.signal ?? null,
    onProgress: options.onProgress ?? null,
  };
}

/** The same for a replay, which is carried by threads where nobody says otherwise. Throws UsageError. */
export function settleReplay({ bestEffort = false, ...options }: ReplayOptions): Settings & { bestEffort: boolean } {
  if (typeof bestEffort !== 'boolean')
    throw new UsageError(`bestEffort: expected true or false, got ${show(bestEffort)}`);
  return { ...settle({ carrier: 'threads', ...options }), bestEffort };
}

/** Throws UsageError for a bound that the strategy does not take, UsageRangeError for two of them, or one that would make nonsense of it. */
function checkBounds({ preemptions, delays }: ExploreOptions, strategy: StrategyName): void {
  if (strategy === 'dpor' && (preemptions ?? delays) !== undefined)
    throw new UsageRangeError(
      `${preemptions === undefined ? 'delays' : 'preemptions'}: dpor takes no bound, since it would leave out more than the schedules beyond it: use dfs`,
    );
  for (const [name, bound] of Object.entries({ preemptions, delays }))
    if (bound !== undefined && strategy !== 'dfs')
      throw new UsageError(`${name}: only strategy dfs takes a bound of ${name}, not ${strategy}`);
  if (preemptions !== undefined && delays !== undefined)
    throw new UsageRangeError('delays: schedules are bounded by preemptions or by delays, not both: leave one out');
}

/** Throws UsageError. */
function chosen(option: NonNullable<ExploreOptions['strategy']>): Pick<Settings, 'strategy' | 'depth' | 'equivalence'> {
  const { name, depth = null, equivalence = null } = typeof option === 'string' ? { name: option } : option;
  if (depth !== null && name !== 'pct') throw new UsageError(`strategy: only pct takes a depth, not ${name}`);
  if (depth !== null && !(Number.isInteger(depth) && depth >= 1 && depth <= mostDepth))
    throw new UsageError(`strategy.depth: expected a whole number from 1 to ${mostDepth}, got ${show(depth)}`);
  if (equivalence !== null && name !== 'dpor')
    throw new UsageError(`strategy: only dpor takes an equivalence, not ${name}`);
  if (equivalence !== null && !equivalences.includes(equivalence))
    throw new UsageError(`strategy.equivalence: expected ${equivalences.join(' or ')}, got ${show(equivalence)}`);
  return { strategy: name, depth: depth ?? defaultDepth, equivalence: equivalence ?? 'traces' };
}

/** What is done in parts is over when they are done, however long that takes. */
const timeBudgetOf = ({ timeBudget, shard, queue }: ExploreOptions): number =>
  timeBudget === undefined && (shard ?? queue) !== undefined
    ? Number.POSITIVE_INFINITY
    : milliseconds(timeBudget ?? 10_000, 'timeBudget');

/** Throws UsageError for what cannot be recorded, or explored in parts. */
function checkParts({ queue, shard, record, executions, carrier }: ExploreOptions, strategy: StrategyName): void {
  const [option = null] = Object.entries({ queue, shard, record }).find(([, value]) => value !== undefined) ?? [];
  if (option === null) return;
  if (carrier === 'threads') throw new UsageError(`${option}: only executions of the inline carrier are recorded`);
  if (option === 'queue' && (shard ?? record) !== undefined)
    throw new UsageError('queue: makes the shards and their records itself, leave shard and record out');
  if (option === 'shard' && record === undefined)
    throw new UsageError('shard: needs a record, which merge puts together with the others');
  if (option !== 'record' && executions === undefined && isIndependent(strategy))
    throw new UsageError(`${option}: needs executions, how many all the shards are to do together`);
}

/** A time as milliseconds. Throws UsageError. */
export function milliseconds(value: number | string, name: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(String(value));
  const scale = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match?.[2] ?? 'ms'];
  const result = match === null || scale === undefined ? Number.NaN : Number(match[1]) * scale;
  if (!(result > 0))
    throw new UsageError(
      `${name}: expected milliseconds above 0, or a time such as 500ms, 10s, 2m, got ${show(value)}`,
    );
  return result;
}

/** An error that ended an exploration, with what had been found until then. */
export interface WithPartial {
  exploration?: Exploration;
}
