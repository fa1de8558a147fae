/** `wiredown minimise FILE TOKEN`: the schedule with the fewest switches, then the fewest steps, that still fails that way. */
import type { Command } from '../command.ts';
import { exitCodeOfReplay } from '../exit-code.ts';
import { printReplay } from '../print-replay.ts';
import { scenarioUrl } from '../scenario-url.ts';

export const minimise: Command = {
  name: 'minimise',
  usage: 'minimise FILE TOKEN',
  summary: 'Shrink a failing schedule: fewest switches first, then fewest steps.',
  details: 'Prints the token of the smaller schedule. Exits with 1 when the failure shows again.',
  takes: { least: 2, most: 2 },
  stopsBySignal: false,
  async run(invocation) {
    const [file = '', token = ''] = invocation.positionals;
    const result = await invocation.library.minimise(scenarioUrl(file), token, invocation.options);
    printReplay(invocation, file, result);
    return exitCodeOfReplay(result);
  },
};
