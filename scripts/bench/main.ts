/**
 * `npm run bench`: every figure that the project has promised, each as a ratio or a rate within one run, with the medians behind
 * it. Names on the command line choose groups: exploration, memory, explorers, threads, calls, boot.
 */
import { bootFigure } from './boot.ts';
import { callFigure } from './calls.ts';
import { explorationFigures } from './exploration.ts';
import { explorersFigure } from './explorers.ts';
import type { Figure } from './measure.ts';
import { memoryAccessFigures } from './memory-access.ts';
import { threadFigures } from './threads.ts';

const groups: Record<string, () => Promise<Figure[]> | Figure[]> = {
  exploration: explorationFigures,
  memory: memoryAccessFigures,
  explorers: async () => [await explorersFigure()],
  threads: threadFigures,
  calls: async () => [await callFigure()],
  boot: async () => [await bootFigure()],
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => groups[name] === undefined);
if (unknown.length > 0) {
  console.error(`bench: there is no group ${unknown.join(', ')}; there are ${Object.keys(groups).join(', ')}`);
  process.exit(2);
}

console.log(`Node ${process.version}, ${process.arch}\n`);
let missed = 0;
for (const [name, measure] of Object.entries(groups)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  for (const figure of await measure()) {
    if (!figure.reached) missed++;
    console.log(
      `${figure.reached ? 'reached' : 'MISSED '}  ${figure.name}\n         ${figure.value} (to reach: ${figure.target}); ${figure.behind}`,
    );
  }
}
console.log(missed === 0 ? '\nall reached' : `\n${missed} missed`);
