/**
 * The one table of options. Every command takes its flags, their reading and their help from here, so a flag means the same
 * wherever it is accepted.
 */
import { memoryModels } from '../hardware/configuration.ts';
import { duration, integer, oneOf, type Reader, rules, strategy, words } from './values.ts';

export type CommandName = 'explore' | 'merge' | 'replay' | 'minimise' | 'stress' | 'worker';

export interface Option {
  flag: string;
  /** Of the value in the help; null for a flag without value. */
  placeholder: string | null;
  /** Key in the options that the library gets. */
  key: string;
  /** For a flag without value: what it sets. */
  value?: boolean;
  read?: Reader<unknown>;
  commands: CommandName[];
  help: string;
}

const all: CommandName[] = ['explore', 'merge', 'replay', 'minimise', 'stress', 'worker'];
/** Those that are told which scenario; records say it themselves. */
const choosing: CommandName[] = ['explore', 'replay', 'minimise', 'stress'];
const running: CommandName[] = ['explore', 'stress'];
/** The commands that run schedules by the rules. */
const ruled: CommandName[] = ['explore', 'replay', 'minimise'];

export const options: Option[] = [
  {
    flag: '--scenario',
    placeholder: 'NAME',
    key: 'scenario',
    read: words,
    commands: choosing,
    help: 'Which one, where FILE holds several.',
  },
  {
    flag: '--strategy',
    placeholder: 'NAME',
    key: 'strategy',
    read: strategy,
    commands: ['explore'],
    help: 'How the next schedule is chosen: portfolio (several in turn, and a proof where that is soon had), random, pct:3 (3 orderings matter), pos (short windows), surw (few objects matter), urw (threads of unlike length), greybox (who reads from whom), dfs to try every schedule, dpor to try every order of steps that conflict, or dpor:reads-from to try all that reads can find. Default: portfolio.',
  },
  {
    flag: '--executions',
    placeholder: 'N',
    key: 'executions',
    read: integer(1),
    commands: ['explore'],
    help: 'Stop after so many. Default: as many as the time allows.',
  },
  {
    flag: '--iterations',
    placeholder: 'N',
    key: 'iterations',
    read: integer(1),
    commands: ['stress'],
    help: 'Stop after so many. Default: as many as the time allows.',
  },
  {
    flag: '--time-budget',
    placeholder: 'DURATION',
    key: 'timeBudget',
    read: duration,
    commands: running,
    help: 'Stop after so long, as 500ms, 10s or 2m. Default: 10s.',
  },
  {
    flag: '--seed',
    placeholder: 'N',
    key: 'seed',
    read: integer(0, 2 ** 32 - 1),
    commands: ['explore'],
    help: 'The same seed tries the same schedules. Default: 1.',
  },
  {
    flag: '--preemptions',
    placeholder: 'N',
    key: 'preemptions',
    read: integer(0, 1000),
    commands: ['explore'],
    help: 'Only schedules that switch away from a thread at most so often while it could go on (dfs).',
  },
  {
    flag: '--delays',
    placeholder: 'N',
    key: 'delays',
    read: integer(0, 1000),
    commands: ['explore'],
    help: 'Only schedules in which threads run in turn, and at most so often one is passed over (dfs). Serial orders come first.',
  },
  {
    flag: '--workers',
    placeholder: 'N',
    key: 'workers',
    read: integer(1, 256),
    commands: ['explore', 'merge', 'worker'],
    help: 'Explorers side by side; results do not depend on it. Default: one a core.',
  },
  {
    flag: '--stop-at-first',
    placeholder: null,
    key: 'stopAtFirst',
    value: true,
    commands: ['explore'],
    help: 'Stop when a failure was found.',
  },
  {
    flag: '--memory-model',
    placeholder: 'sc|tso|pso',
    key: 'memoryModel',
    read: oneOf(...memoryModels),
    commands: ruled,
    help: 'What is between stores and memory: nothing, or a store buffer a thread. Default: what the scenario says. A token holds under it alone.',
  },
  {
    flag: '--rules',
    placeholder: 'RULE=LEVEL,…',
    key: 'rules',
    read: rules,
    commands: ruled,
    help: 'What breaking a rule means: fail, note or off, as data-race=note,leak=off.',
  },
  {
    flag: '--carrier',
    placeholder: 'inline|threads',
    key: 'carrier',
    read: oneOf('inline', 'threads'),
    commands: ['explore', 'replay'],
    help: 'Simulated threads inside one JavaScript thread, or in a worker each. Default: explore inline, replay threads.',
  },
  {
    flag: '--best-effort',
    placeholder: null,
    key: 'bestEffort',
    value: true,
    commands: ['replay'],
    help: 'Where the scenario was edited since, say where the token no longer fits, and go on as near to it as possible.',
  },
  {
    flag: '--stall-timeout',
    placeholder: 'DURATION',
    key: 'stallTimeout',
    read: duration,
    commands: [...ruled, 'merge', 'worker'],
    help: 'A thread that does no operation for so long is refused. Default: 10s.',
  },
  {
    flag: '--maximum-steps',
    placeholder: 'N',
    key: 'maximumSteps',
    read: integer(1, 10_000_000),
    commands: ruled,
    help: 'An execution of more steps is a livelock. Default: 20000.',
  },
  {
    flag: '--no-thread-check',
    placeholder: null,
    key: 'threadCheck',
    value: false,
    commands: ['explore', 'merge'],
    help: 'Neither compare the first execution with one on worker threads, nor confirm failures there.',
  },
  {
    flag: '--shard',
    placeholder: 'I/N',
    key: 'shard',
    read: words,
    commands: ['explore'],
    help: 'Only part I of N of the executions, for one of several machines. Needs --record, and --executions but for dfs and dpor.',
  },
  {
    flag: '--record',
    placeholder: 'PATH',
    key: 'record',
    read: words,
    commands: ['explore'],
    help: 'Write down what was explored, as it goes: the same command goes on where it was stopped, and merge puts shards together.',
  },
  {
    flag: '--estimate',
    placeholder: 'N',
    key: 'estimate',
    read: integer(2, 1_000_000),
    commands: ['explore'],
    help: 'First estimate from N probes how many traces (orders of conflicting steps) there are; 300 are a start.',
  },
  {
    flag: '--queue',
    placeholder: 'URL',
    key: 'queue',
    read: words,
    commands: ['explore'],
    help: 'Have the executions explored by the workers at this Redis, as redis://localhost:6379. Needs BullMQ, and --executions but for dfs and dpor.',
  },
  {
    flag: '--shards',
    placeholder: 'N',
    key: 'shards',
    read: integer(1, 64),
    commands: ['explore'],
    help: 'How many parts a queue is given; results do not depend on it. Default: 8.',
  },
  {
    flag: '--queue-timeout',
    placeholder: 'DURATION',
    key: 'queueTimeout',
    read: duration,
    commands: ['explore', 'worker'],
    help: 'How long Redis, or all workers, may be away, or one show no sign of life; from 1s to 1h. Default: 1m.',
  },
  {
    flag: '--json',
    placeholder: null,
    key: 'json',
    value: true,
    commands: all,
    help: 'Print the result as one JSON document, and nothing else on stdout.',
  },
  { flag: '--help', placeholder: null, key: 'help', value: true, commands: all, help: 'Print this.' },
];

export const optionsOf = (command: CommandName): Option[] => options.filter((one) => one.commands.includes(command));
