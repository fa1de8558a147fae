/** What an exploration did, in a few lines: how much was tried, what came out, and what is still unknown. */
import type { Exploration, TraceEstimate } from '../explore/results.ts';
import { type Colours, plain } from './colour.ts';
import { noteText } from './failure-text.ts';
import { outcomeLines } from './histogram-text.ts';
import { count, counted, duration, oneLine, part } from './words.ts';

export function explorationText(exploration: Exploration, colours: Colours = plain): string {
  const { executions, elapsed, executionsPerSecond, failures, notes } = exploration;
  const lines = [
    colours.bold(oneLine(exploration.scenario)),
    `  strategy ${exploration.strategy}, seed ${exploration.seed}${under(exploration)}${share(exploration)}: ${counted(executions, 'execution')}, ` +
      `${counted(exploration.steps, 'step')} in ${duration(elapsed)}, ${count(Math.round(executionsPerSecond))} executions a second`,
    `  ${coverage(exploration)}`,
    ...left(exploration).map((line) => `  ${line}`),
    ...(exploration.recalled === undefined
      ? []
      : [`  ${counted(exploration.recalled, 'execution')} of these were on record, and not run again`]),
    `  ${verdict(failures.length, exploration, colours)}`,
  ];
  const outcomes = outcomeLines(exploration.outcomes, exploration.unobserved, colours);
  if (outcomes.length > 0) lines.push('', '  outcomes', ...outcomes.map((line) => `    ${line}`));
  if (notes.length > 0) lines.push('', ...notes.map((note) => `  ${noteText(note, colours)}`));
  return `${lines.join('\n')}\n`;
}

/** The memory model, where it is not the one that everybody expects. */
const under = ({ memoryModel }: Exploration): string => (memoryModel === 'sc' ? '' : `, memory model ${memoryModel}`);

const share = ({ shard }: Exploration): string => (shard === undefined ? '' : `, shard ${shard}`);

function coverage(exploration: Exploration): string {
  const { proof, shard, strategy, executions } = exploration;
  if (proof !== null) return proof;
  if (shard !== undefined && strategy === 'dpor:reads-from' && executions === 0)
    return `nothing to do: ${strategy} is not divided, and shard 1 has all of it`;
  return exploration.interrupted
    ? 'interrupted: this is what was found so far'
    : 'not exhausted: there are schedules that were not tried';
}

/** What is known of how much was tried, and of what that may have missed. */
function left({ traces, estimate, missed, executions }: Exploration): string[] {
  const among = traces.among < executions ? ` among ${counted(traces.among, 'execution')} that were looked at` : '';
  const seen = `${traces.exact ? '' : 'about '}${counted(traces.seen, 'distinct trace')}${among}`;
  const next =
    traces.unseen === null
      ? ''
      : `; one more execution shows a new one with a probability of about ${part(traces.unseen)}`;
  const bounds = Object.entries(missed ?? {}).map(
    ([depth, probability]) =>
      `a bug that needs ${depth} orderings was missed with a probability of at most ${part(probability)}`,
  );
  return [seen + next, ...(estimate === undefined ? [] : [inAll(estimate, traces.seen)]), ...bounds];
}

/** How many traces there are, and which part of them has been seen at least: those that were seen are told apart more coarsely. */
function inAll({ traces, standardError, probes, reason }: TraceEstimate, seen: number): string {
  if (traces === null) return `how many traces there are cannot be estimated: ${reason}`;
  const many = `about ${rough(traces)} ${traces < 1.5 ? 'trace' : 'traces'} in all, ± ${rough(standardError!)} (${counted(probes, 'probe')})`;
  return seen < traces ? `${many}; ${part(seen / traces)} of them or more seen` : many;
}

/** Digits beyond those that a number has say nothing. */
const rough = (value: number): string => (value < 1e15 ? count(Math.round(value)) : value.toPrecision(2));

function verdict(failures: number, exploration: Exploration, colours: Colours): string {
  if (failures > 0) return colours.red(`${counted(failures, 'failure')} found`);
  return exploration.exhausted ? colours.green('no failure') : colours.green('no failure found');
}
