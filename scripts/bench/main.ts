/**
 * `npm run bench`: every figure that the project has promised, each as a ratio or a rate within one run, with the medians behind
 * it. Names on the command line choose groups: lost-update, four-by-twenty, growth, memory, maps, points, gallery, watching, explorers, threads, calls, boot.
 *
 * Each group has a process of its own: what V8 has learned from one program makes it slower at the next, and nobody runs them so.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { bootFigure } from './boot.ts';
import { callFigure } from './calls.ts';
import { fourByTwentyFigure, growthFigure, lostUpdateFigures } from './exploration.ts';
import { explorersFigure } from './explorers.ts';
import { galleryFigures } from './gallery.ts';
import { mapFigures } from './maps.ts';
import { type Figure, perCall } from './measure.ts';
import { memoryAccessFigures } from './memory-access.ts';
import { pointsFigure } from './points.ts';
import { threadFigures } from './threads.ts';
import { watchingFigures } from './watching.ts';

const groups: Record<string, () => Promise<Figure[]> | Figure[]> = {
  'lost-update': lostUpdateFigures,
  'four-by-twenty': async () => [await fourByTwentyFigure()],
  growth: async () => [await growthFigure()],
  memory: memoryAccessFigures,
  maps: mapFigures,
  points: async () => [await pointsFigure()],
  gallery: galleryFigures,
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

const chosen = Object.keys(groups).filter((name) => wanted.length === 0 || wanted.includes(name));
// A child is given one group, and says here how many of its figures were missed.
const report = process.send?.bind(process);
if (report === undefined) introduce();
let missed = 0;
for (const name of chosen) missed += report === undefined ? await apart(name) : await inHere(name);
if (report === undefined) console.log(missed === 0 ? '\nall reached' : `\n${missed} missed`);
else report(missed);

/** Rates depend on the machine and on who else is using it: this says how fast it is at the moment. */
function introduce(): void {
  const words = new Int32Array(new SharedArrayBuffer(4096));
  let sum = 0;
  const loads = (): void => {
    for (let i = 0; i < 100_000; i++) sum += Atomics.load(words, i & 1023);
  };
  loads();
  const load = (perCall(300, loads) / 100_000).toFixed(1);
  console.log(`Node ${process.version}, ${process.arch}; Atomics.load takes ${load} ns${sum === 0 ? '' : '!'}\n`);
}

function apart(name: string): Promise<number> {
  const [bootstrap, main] = ['../bootstrap.mjs', './main.ts'].map((file) =>
    fileURLToPath(new URL(file, import.meta.url)),
  );
  return new Promise((resolve, reject) => {
    let answer: number | null = null;
    const child = fork(bootstrap!, [main!, name]);
    child.once('message', (count) => {
      answer = Number(count);
    });
    child.once('exit', (status) => {
      if (answer === null) reject(new Error(`bench: the group ${name} ended with status ${status} before it was over`));
      else resolve(answer);
    });
  });
}

async function inHere(name: string): Promise<number> {
  let count = 0;
  for (const figure of await groups[name]!()) {
    if (!figure.reached) count++;
    console.log(
      `${figure.reached ? 'reached' : 'MISSED '}  ${figure.name}\n         ${figure.value} (to reach: ${figure.target}); ${figure.behind}`,
    );
  }
  return count;
}
