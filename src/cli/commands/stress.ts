/** `wiredown stress FILE`: free-running worker threads, many times, and how often each outcome occurred. */
import { histogramText } from '../../report/histogram-text.ts';
import type { Command } from '../command.ts';
import { exitCodeOf } from '../exit-code.ts';
import { scenarioUrl } from '../scenario-url.ts';
import { watch } from '../watch.ts';

export const stress: Command = {
  name: 'stress',
  usage: 'stress FILE',
  summary: 'Run on free-running worker threads and count the outcomes.',
  details:
    'Shows what this hardware does; sees asserts, faults, panics and outcomes, not every rule that explore watches.',
  takes: { least: 1, most: 1 },
  stopsBySignal: true,
  async run({ positionals: [file = ''], options, json, terminal, colours, library, signal }) {
    const histogram = await watch(terminal, file, (onProgress) =>
      library.stress(scenarioUrl(file), { ...options, signal, onProgress }),
    );
    terminal.stdout.write(json ? `${JSON.stringify(histogram, null, 2)}\n` : histogramText(histogram, colours));
    return exitCodeOf([histogram]);
  },
};
