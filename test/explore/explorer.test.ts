/** The explorer: how a campaign is cut into chunks is nobody's business (execution.md rules 1 and 6). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Attempts } from '../../src/explore/attempts.ts';
import { type ExecutionSettings, Explorer, flag } from '../../src/explore/explorer.ts';
import { ReachMap } from '../../src/explore/reach-map.ts';
import { lanes, rounds } from '../../src/explore/rounds.ts';
import type { Task } from '../../src/task/task.ts';
import { load } from '../support/inline.ts';

const test = suite('explorer');

const settings: ExecutionSettings = {
  strategy: 'dfs',
  seed: 1,
  preemptions: 2,
  rules: { 'data-race': 'off' },
  maximumSteps: 1000,
  stopAtFirst: false,
};

/** `a` and `b` reach the room in different executions only: each when it was overtaken in its own way. */
const late = load<{ gate: number; room: number }>({
  setup(machine) {
    const room = machine.share(4096);
    // Resident, so that it is the same frame whoever comes first.
    machine.kernel.store32(room, 0);
    return { gate: machine.share(4096), room };
  },
  tasks: {
    a(task: Task, { gate, room }) {
      for (let i = 0; i < 4; i++) task.atomic.add(gate, 1);
      if (task.atomic.load(gate) === 4 + 16 * 2) task.store32(room, task.load32(room) + 1);
    },
    b(task: Task, { gate, room }) {
      for (let i = 0; i < 4; i++) task.atomic.add(gate, 16);
      if (task.atomic.load(gate) === 16 * 4 + 3) {
        task.store32(room, task.load32(room) + 1);
        task.store32(room, task.load32(room) + 1);
      }
    },
  },
  outcome: ({ machine, shared }) => String(machine.kernel.load32(shared.room)),
});

function inChunks(length: number): { executions: number; outcomes: [string, number][] } {
  const explorer = new Explorer(late, settings);
  const reach = new ReachMap();
  const outcomes = new Map<string, number>();
  let executions = 0;
  for (let from = 1; from < 100_000; from += length) {
    const job = { from, to: from + length - 1, points: reach.points(), widenAtOnce: true };
    const result = explorer.explore(job, new Int32Array(flag.words));
    executions += result.executions;
    for (const [label, count] of result.outcomes) outcomes.set(label, (outcomes.get(label) ?? 0) + count);
    reach.merge(result.reached);
    assert.equal(result.found, []);
    if (result.exhausted) return { executions, outcomes: [...outcomes].sort() };
  }
  return assert.unreachable('never exhausted') as never;
}

test('dfs in chunks of any length does the same as in one piece, where a page turns out to be shared between them (rules 1, 6)', () => {
  const whole = inChunks(100_000);
  assert.ok(whole.outcomes.length === 3, JSON.stringify(whole));
  for (const length of [1, 2, 7, 16, 64]) assert.equal(inChunks(length), whole, `chunks of ${length}`);
});

const attempts = (): Attempts => Attempts.of({ strategy: 'portfolio' }, { actors: [], memoryModel: 'sc' }, 10)!;

test('attempts at a proof are an eighth of the rounds that they begin, and cover with them and with probes every execution once', () => {
  for (const limit of [17, 272, 300, 350, 400, 5000, 3_000_000]) {
    const numbers = [...rounds(limit, attempts())].flat();
    let next = 17;
    for (const { from, to } of numbers) {
      assert.is(from, next);
      next = to + 1;
    }
    assert.is(next, limit + 1);
  }
  const all = [...rounds(3_000_000, attempts())];
  const lengths = all.map(([first]) => (first?.kind === 'proof' ? [first.to - first.from + 1, first.lane] : null));
  assert.equal(lengths.slice(0, 6), [null, [64, null], null, [128, null], [256, null], [1024, null]]);
  assert.equal(
    all[1]!.map(({ from, to, kind, lane }) => [from, to, kind, lane]),
    [
      [273, 336, 'proof', null],
      [337, 400, 'probes', null],
    ],
  );
  assert.equal(
    all[5]!.slice(1).map(({ lane }) => lane),
    Array.from({ length: lanes }, (_, lane) => lane),
  );
  assert.is(lengths.filter((length) => length !== null).length, 10, 'none in rounds that are no larger');
});

test('rounds cover every execution once, cut by numbers alone (rule 6)', () => {
  for (const limit of [17, 18, 272, 273, 5000, 100_000]) {
    let next = 17;
    for (const chunks of rounds(limit)) {
      chunks.forEach(({ from, to, lane }, index) => {
        assert.is(from, next);
        assert.ok(to >= from && to <= limit);
        assert.is(lane, from < 3857 ? null : index, 'after the common beginning a lane has one chunk a round');
        assert.ok(index < lanes);
        next = to + 1;
      });
    }
    assert.is(next, limit + 1);
  }
  assert.equal([...rounds(16)], []);
});

test('a page that two actors reached, in whatever chunk, is a point for ever', () => {
  const reach = new ReachMap();
  reach.merge([
    [5, 1],
    [6, 1],
    [7, 2],
  ]);
  assert.equal(reach.points(), []);
  reach.merge([
    [6, 1],
    [5, 2],
  ]);
  assert.equal(reach.points(), [5]);
  reach.merge([
    [5, 2],
    [7, 0],
  ]);
  assert.equal(reach.points(), [5, 7]);
});

test.run();
