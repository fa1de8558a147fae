/** `wiredown replay FILE TOKEN`: runs one schedule again, exactly, and shows it. */
import type { Command } from '../command.ts';
import { exitCodeOfReplay } from '../exit-code.ts';
import { printReplay } from '../print-replay.ts';
import { scenarioUrl } from '../scenario-url.ts';

export const replay: Command = {
  name: 'replay',
  usage: 'replay FILE TOKEN',
  summary: 'Run one schedule again, exactly.',
  details: 'On real worker threads unless --carrier says otherwise. Exits with 1 when the failure shows again.',
  takes: { least: 2, most: 2 },
  stopsBySignal: false,
  async run(invocation) {
    const [file = '', token = ''] = invocation.positionals;
    const result = await invocation.library.replay(scenarioUrl(file), token, invocation.options);
    printReplay(invocation, file, result);
    return exitCodeOfReplay(result);
  },
};
