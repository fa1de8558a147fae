/** `wiredown explore FILE …`: runs the scenarios under many schedules and shows each failure that they have. */
import type { Exploration } from '../../explore/results.ts';
import type { Command, Invocation } from '../command.ts';
import { exitCodeOf } from '../exit-code.ts';
import { printExplorations } from '../print-explorations.ts';
import { scenarioUrl } from '../scenario-url.ts';
import { watch } from '../watch.ts';

export const explore: Command = {
  name: 'explore',
  usage: 'explore FILE …',
  summary: 'Run scenarios under many schedules and report the failures.',
  details: 'Each failure is minimised, confirmed on real worker threads, and printed with the line that replays it.',
  takes: { least: 1, most: Number.POSITIVE_INFINITY },
  stopsBySignal: true,
  run: async (invocation) => exitCodeOf(await exploreFiles(invocation)),
};

/** Explores and prints; returns what was found, for callers that judge it in their own way (`npm start`). */
export async function exploreFiles(invocation: Invocation): Promise<Exploration[]> {
  const { positionals, json, signal, terminal } = invocation;
  const found: Exploration[] = [];
  // With one file the document is what the library returned: an object, or an array for a file with several scenarios.
  let document: Exploration | Exploration[] = found;
  try {
    for (const file of positionals) {
      if (signal.aborted) break;
      const { result, error } = await exploreFile(invocation, file);
      const explorations = [result].flat();
      found.push(...explorations);
      if (positionals.length === 1) document = result;
      if (!json) printExplorations(invocation, file, explorations);
      if (error !== null) throw error;
    }
  } finally {
    // Also when a later file fails to load: the earlier ones were explored.
    if (json && found.length > 0) terminal.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  }
  return found;
}

async function exploreFile(
  { options, signal, terminal, library }: Invocation,
  file: string,
): Promise<{ result: Exploration | Exploration[]; error: unknown }> {
  try {
    const result = await watch(terminal, file, (onProgress) =>
      library.explore(scenarioUrl(file), { ...options, signal, onProgress }),
    );
    return { result, error: null };
  } catch (error) {
    // A search that had to end early carries what it had found until then.
    const partial = (error as { exploration?: Exploration } | null)?.exploration;
    return { result: partial ?? [], error };
  }
}
