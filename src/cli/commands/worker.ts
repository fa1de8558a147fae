/** `wiredown worker URL`: explores shards for whoever explores by the queue at URL, until Ctrl-C. */
import type { ShardReport } from '../../explore/queue/worker.ts';
import { counted } from '../../report/words.ts';
import type { Command } from '../command.ts';
import { ExitCode } from '../exit-code.ts';

export const worker: Command = {
  name: 'worker',
  usage: 'worker URL',
  summary: 'Explore shards for whoever explores by the queue at URL, until Ctrl-C.',
  details:
    'Takes one after the other, and gives the one in hand back when it ends. Reads scenarios by the path that explore was given, from here.',
  takes: { least: 1, most: 1 },
  stopsBySignal: true,
  async run({ positionals: [url = ''], options, json, terminal, library, signal }) {
    const onShard = (report: ShardReport): unknown => terminal.stderr.write(`${lineOf(report)}\n`);
    const worked = await library.work(url, { ...options, signal, onShard });
    if (json) terminal.stdout.write(`${JSON.stringify(worked, null, 2)}\n`);
    // Nothing else ends it.
    return ExitCode.Interrupted;
  },
};

function lineOf({ scenario, shard, executions, finished, problem }: ShardReport): string {
  if (problem !== null) return `shard ${shard} of ${scenario}: ${problem}`;
  return `${finished ? 'explored' : 'gave back'} shard ${shard} of ${scenario}: ${counted(executions, 'execution')}`;
}
