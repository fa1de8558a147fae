/** Attempts at a proof: what the estimate of the number of traces decides about them (issue 4, part 2). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Attempts, attempt } from '../../src/explore/attempts.ts';
import { explore } from '../../src/explore/explore.ts';
import { type ChunkResult, flag } from '../../src/explore/explorer.ts';
import type { Exploration } from '../../src/explore/results.ts';
import { within } from '../machine/support/bounded.ts';
import { load } from '../support/inline.ts';
import { lasting } from '../support/records.ts';

const test = suite('attempts');

const described = { actors: [], memoryModel: 'sc' } as const;
/** Executions of rounds that are larger than all before. */
const sizes = [512, 1024, 2048, 8192, 16_384, 32_768, 65_536, 131_072, 262_144, 524_288];

/** The attempts of a campaign of `limit` executions that has learned this much of how many traces there are. */
function lengths(traces: number, standardError: number, by: string, limit = Number.POSITIVE_INFINITY): number[] {
  const attempts = Attempts.of({ strategy: 'portfolio' }, described, 10)!;
  const estimate = { traces, standardError, probes: 48, reason: null };
  attempts.learn([{ by }, { by: 'trace-walk', estimate }] as ChunkResult[]);
  let done = 400;
  return sizes.map((size) => {
    const length = done < limit ? attempts.begin(size, limit - done) : 0;
    done += length + size;
    return length;
  });
}

const blind = [0, 128, 256, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536];

test('without an estimate that can be believed, or where reads may make it far too large, each has an eighth of its round', () => {
  assert.equal(lengths(Number.NaN, Number.NaN, 'dpor:reads-from'), blind);
  assert.equal(lengths(300, 151, 'dpor'), blind, 'its error is too large');
  assert.equal(lengths(1e9, 1e8, 'dpor:reads-from'), blind);
});

test('where the space fits what is left, an attempt has what it takes and as much again, at once', () => {
  assert.equal(lengths(3000, 300, 'dpor', 20_000), [7800, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  assert.is(lengths(3000, 300, 'dpor', 4700)[0], 3900, 'not more than half as a precaution');
  // Too many for what is left: as without an estimate.
  assert.equal(lengths(3000, 300, 'dpor', 4200).slice(0, 3), [0, 128, 256]);
});

test('where only the time is limited it waits for a round of as many', () => {
  assert.equal(lengths(3000, 300, 'dpor:reads-from').slice(0, 6), [0, 128, 256, 7800, 0, 0]);
  // If it was too short after all, they go on when they would be longer.
  assert.equal(lengths(3000, 300, 'dpor:reads-from').slice(6), [8192, 16_384, 32_768, 65_536]);
});

test('where it goes by traces, and there are more than any attempt has, none is made', () => {
  assert.equal(lengths(1e9, 1e8, 'dpor'), new Array(10).fill(0));
  assert.equal(lengths(1000, 30, 'dpor', 900), new Array(10).fill(0), 'nor where there are more than are left');
});

test('none of other strategies or where steps are very many; no probes where a data cache or store buffers have steps of their own', () => {
  assert.is(Attempts.of({ strategy: 'random' }, described, 10), null);
  assert.is(Attempts.of({ strategy: 'portfolio' }, described, 2001), null);
  const cache = [{ sort: 'cache' }] as never;
  assert.is(Attempts.of({ strategy: 'portfolio' }, { ...described, actors: cache }, 10)!.probes, 0);
  assert.is(Attempts.of({ strategy: 'portfolio' }, { ...described, memoryModel: 'tso' }, 10)!.probes, 0);
});

test('what probes find is found by them, and they say how many traces there are', () => {
  const loaded = load<{ at: number }>({
    setup: (machine) => ({ at: machine.share(4096) }),
    tasks: {
      a: (task, { at }) => void task.atomic.store(at, 1),
      b: (task, { at }) => task.assert(task.atomic.load(at) === 0, 'the other came first'),
    },
  });
  const settings = {
    strategy: 'portfolio',
    seed: 1,
    preemptions: null,
    rules: {},
    maximumSteps: 100,
    stopAtFirst: false,
  } as const;
  const job = { from: 337, to: 400, points: [], widenAtOnce: true };
  const { executions, found, estimate } = attempt('probes', loaded, settings, job, new Int32Array(flag.words));
  assert.is(executions, 64);
  assert.equal(
    found.map(({ rule, by }) => [rule, by]),
    [['assertion', 'trace-walk']],
  );
  assert.ok(Math.abs(estimate!.traces! - 2) < 0.5, String(estimate!.traces));
});

test('a program of a thousand traces is proved at once, whatever the number of workers', async () => {
  const file = new URL('../../scripts/bench/programs/counting.ts', import.meta.url);
  const run = (workers: number): Promise<Exploration> =>
    within(
      60_000,
      'explore',
      explore(file, { scenario: 'twostage 3+1', executions: 20_000, timeBudget: '60s', threadCheck: false, workers }),
    ) as Promise<Exploration>;
  const [one, two] = [await run(1), await run(2)];
  assert.is(one.proof, 'every way for reads to read from writes (reads-from class) was tried, under sc');
  // Behind the first attempt and the probes nothing but its traces.
  assert.is(one.executions, 16 + 256 + 64 + 64 + 1080);
  assert.equal(lasting(two), lasting(one));
});

test.run();
