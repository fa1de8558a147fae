/** `wiredown merge FILE RECORD …`: what shards have recorded, as one exploration. */
import type { Command } from '../command.ts';
import { exitCodeOf } from '../exit-code.ts';
import { printExplorations } from '../print-explorations.ts';
import { scenarioUrl } from '../scenario-url.ts';
import { watch } from '../watch.ts';

export const merge: Command = {
  name: 'merge',
  usage: 'merge FILE RECORD …',
  summary: 'Put together what the shards of an exploration have recorded.',
  details: 'Gives what one machine would have found. What no record knows of is explored here.',
  takes: { least: 2, most: Number.POSITIVE_INFINITY },
  stopsBySignal: true,
  async run(invocation) {
    const { positionals, options, json, signal, terminal, library } = invocation;
    const [file = '', ...records] = positionals;
    const result = await watch(terminal, file, (onProgress) =>
      library.merge(scenarioUrl(file), records, { ...options, signal, onProgress }),
    );
    if (json) terminal.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    else printExplorations({ ...invocation, options: result.told }, file, [result]);
    return exitCodeOf([result]);
  },
};
