/**
 * What a token may say in a scenario that has changed since: it names actors by their numbers, and where there are threads more or
 * fewer than there were, which numbers those are now can only be guessed. There are few ways, as the others keep their order.
 */

import { drainActors, firstDrainActor } from '../machine/drains.ts';
import { UsageError } from '../machine/errors.ts';
import type { LoadedScenario } from '../machine/loaded-scenario.ts';
import type { Runs } from '../schedule/runs.ts';
import { decodeToken, type Token } from '../schedule/token.ts';

/** How many threads more or fewer there may be. */
const mostThreads = 2;

export interface Reading {
  /** In numbers of the actors that there are now; runs of actors that are gone are left out. */
  readonly token: Token;
  /** Actor now → its number when the token was made, or -1. */
  readonly numbersThen: readonly number[];
}

/** Every reading of `text`, the likeliest first; there is one at least. Throws UsageError where it is no token at all. */
export function readingsOf(text: string, loaded: LoadedScenario): Reading[] {
  const now = loaded.plans.length;
  const same = Array.from({ length: now }, (_, i) => i);
  const readings: Reading[] = [];
  let refusal: unknown = null;
  for (const threads of [same, ...otherThreads(now)]) {
    try {
      readings.push(readingOf(text, loaded, threads));
    } catch (error) {
      // With another number of actors its bits mean something else, or nothing.
      if (!(error instanceof UsageError)) throw error;
      refusal ??= error;
    }
    if (readings[0]?.token.digest === loaded.digest) return readings;
  }
  if (readings.length === 0) throw refusal;
  return readings;
}

/** `threads`: thread then → thread now, or -1. */
function readingOf(text: string, loaded: LoadedScenario, threads: readonly number[]): Reading {
  const machine = loaded.scenario.machine ?? {};
  const now = loaded.plans.length;
  const then = threads.length;
  const others = firstDrainActor(now, machine) - now;
  const drains = threads
    .slice(0, drainActors(then, machine))
    .map((thread) => (thread < 0 ? -1 : now + others + thread));
  const numbersNow = [...threads, ...Array.from({ length: others }, (_, i) => now + i), ...drains];
  const numbersThen = Array.from({ length: now + others + drainActors(now, machine) }, (_, actor) =>
    numbersNow.indexOf(actor),
  );
  return { token: renumbered(decodeToken(text, numbersNow.length), numbersNow), numbersThen };
}

function renumbered(token: Token, numbersNow: readonly number[]): Token {
  const numberOf = (actor: number): number => numbersNow[actor] ?? -1;
  const { runs, choices } = token.runs;
  const kept = runs.map((run) => numberOf(run.actor) >= 0);
  const renamed: Runs = {
    runs: runs.map(({ actor, steps }) => ({ actor: numberOf(actor), steps })).filter((_, i) => kept[i]),
    choices: new Map([...choices].map(([actor, answers]) => [numberOf(actor), answers])),
  };
  return { ...token, runs: renamed, checks: token.checks.filter((_, i) => kept[i]) };
}

/** By the threads of then, those of `now` that they may be: fewest changes first, and threads that came or went last first. */
function* otherThreads(now: number): Generator<number[]> {
  for (let change = 1; change <= mostThreads; change++) {
    if (now > change) yield* subsets(now, now - change);
    for (const left of subsets(now + change, now))
      yield Array.from({ length: now + change }, (_, thread) => left.indexOf(thread));
  }
}

/** The subsets of 0 … n - 1 of that size, each ascending, in lexical order. */
function* subsets(n: number, size: number, from = 0): Generator<number[]> {
  if (size === 0) {
    yield [];
    return;
  }
  for (let first = from; first <= n - size; first++)
    for (const rest of subsets(n, size - 1, first + 1)) yield [first, ...rest];
}
