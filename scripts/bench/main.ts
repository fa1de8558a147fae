/**
 * `npm run bench`: every figure that the project has promised, each as a ratio or a rate within one run, with the medians behind
 * it. Names on the command line choose groups: exploration, memory, maps, watching, explorers, threads, calls, boot.
 */
import { bootFigure } from './boot.ts';
import { callFigure } from './calls.ts';
import { explorationFigures } from './exploration.ts';
import { explorersFigure } from './explorers.ts';
import { mapFigures } from './maps.ts';
import { type Figure, perCall } from './measure.ts';
import { memoryAccessFigures } from './memory-access.ts';
import { threadFigures } from './threads.ts';
import { watchingFigures } from './watching.ts';

const groups: Record<string, () => Promise<Figure[]> | Figure[]> = {
  exploration: explorationFigures,
  memory: memoryAccessFigures,
  maps: mapFigures,
  watching: watchingFigures,
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

// Rates depend on the machine and on who else is using it: this says how fast it is at the moment.
const words = new Int32Array(new SharedArrayBuffer(4096));
let sum = 0;
const loads = (): void => {
  for (let i = 0; i < 100_000; i++) sum += Atomics.load(words, i & 1023);
};
loads();
const load = perCall(300, loads);
console.log(
  `Node ${process.version}, ${process.arch}; Atomics.load takes ${(load / 100_000).toFixed(1)} ns${sum === 0 ? '' : '!'}\n`,
);
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
