/** Tokens and runs (execution.md rule 23): round trips, damage, length, golden ones. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { UsageError } from '../../src/machine/errors.ts';
import { RunsSchedule } from '../../src/schedule/runs.ts';
import { decodeToken, encodeToken, type Token, tokenOf } from '../../src/schedule/token.ts';
import type { Task } from '../../src/task/task.ts';
import { inline } from '../support/inline.ts';
import { seeded } from '../support/seeded.ts';

const test = suite('token');

const digits = fc.integer({ min: 0, max: 0xffffff }).map((value) => value.toString(16).padStart(6, '0'));

function tokens(actors: number): fc.Arbitrary<Token> {
  const run = fc.record(
    {
      actor: fc.nat(actors - 1),
      steps: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 2 ** 40 })),
    },
    { noNullPrototype: true },
  );
  const answers = fc.array(fc.nat(1000), { minLength: 1, maxLength: 4 });
  return fc
    .record({
      digest: digits,
      seed: fc.oneof(fc.nat(10), fc.integer({ min: 0, max: 2 ** 32 - 1 })),
      runs: fc.array(run, { maxLength: 12 }),
      choices: fc.uniqueArray(fc.tuple(fc.nat(actors - 1), answers), { selector: ([thread]) => thread, maxLength: 3 }),
      hashEnd: digits,
    })
    .map(({ digest, seed, runs, choices, hashEnd }) => ({
      digest,
      seed,
      runs: { runs, choices: new Map(choices.sort(([a], [b]) => a - b)) },
      checks: runs.map((_, i) => (i * 7) % 16),
      hashEnd,
    }));
}

const anyToken = fc.integer({ min: 1, max: 300 }).chain((actors) => fc.tuple(fc.constant(actors), tokens(actors)));

test('what is encoded comes back, for any number of actors (property)', () => {
  seeded(
    fc.property(anyToken, ([actors, token]) => assert.equal(decodeToken(encodeToken(token, actors), actors), token)),
    500,
  );
});

test('is one word that can be pasted, with its version in front (property)', () => {
  seeded(fc.property(anyToken, ([actors, token]) => assert.match(encodeToken(token, actors), /^wd1:[A-Za-z0-9_-]+$/)));
});

test('a token that is cut off is refused, or at least another one (property)', () => {
  seeded(
    fc.property(anyToken, fc.nat(), ([actors, token], pick) => {
      const text = encodeToken(token, actors);
      const cut = text.slice(0, 4 + (pick % (text.length - 4)));
      assert.throws(
        () => decodeToken(cut, actors),
        (error: Error) => error instanceof UsageError,
      );
    }),
    500,
  );
});

test('text behind the end is refused (property)', () => {
  seeded(
    fc.property(anyToken, fc.stringMatching(/^[A-Za-z0-9_-]{1,8}$/), ([actors, token], more) => {
      assert.throws(
        () => decodeToken(encodeToken(token, actors) + more, actors),
        (error: Error) => error instanceof UsageError,
      );
    }),
    300,
  );
});

test('any text is a token or a UsageError of one line, never anything else (property)', () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^wd1:[A-Za-z0-9_-]{0,60}$/));
  seeded(
    fc.property(text, fc.integer({ min: 1, max: 20 }), (garbage, actors) => {
      try {
        const { runs } = decodeToken(garbage, actors);
        for (const { actor } of runs.runs) assert.ok(actor >= 0);
      } catch (error) {
        assert.instance(error, UsageError);
        assert.not.match((error as Error).message, /\n/);
      }
    }),
    2000,
  );
});

test('another version is named', () => {
  assert.throws(
    () => decodeToken('wd2:AAAA', 3),
    (error: Error) => error instanceof UsageError && /version 2.*version 1/.test(error.message),
  );
  assert.throws(
    () => decodeToken('wd12:AAAA', 3),
    (error: Error) => /version 12/.test(error.message),
  );
});

test('white space around a pasted token is no matter', () => {
  const token: Token = {
    digest: 'abcdef',
    seed: 1,
    runs: { runs: [{ actor: 0, steps: 1 }], choices: new Map() },
    checks: [3],
    hashEnd: '123456',
  };
  const text = encodeToken(token, 3);
  assert.equal(decodeToken(` ${text}\n`, 3), token);
});

test('what is no token says what one looks like', () => {
  for (const text of ['', 'wd1:', 'wd:AAA', 'AAAA', 'wd1:AA AA', 'wd1:AA+/', 'WD1:AAAA']) {
    assert.throws(
      () => decodeToken(text, 3),
      (error: Error) => error instanceof UsageError && /expected wd1:|paste all of it/.test(error.message),
      text,
    );
  }
});

test('ten switches of up to four actors fit in 40 characters (rule 23)', () => {
  const token: Token = {
    digest: 'abcdef',
    seed: 1,
    runs: { runs: Array.from({ length: 11 }, (_, i) => ({ actor: i % 4, steps: 1 + (i % 7) })), choices: new Map() },
    checks: Array.from({ length: 11 }, (_, i) => i),
    hashEnd: 'fedcba',
  };
  const text = encodeToken(token, 4);
  assert.ok(text.length <= 40, `${text.length}: ${text}`);
});

// Runs.

test('the written runs are followed to their end, then the running thread goes on, then the lowest', () => {
  const schedule = new RunsSchedule({
    runs: [
      { actor: 1, steps: 2 },
      { actor: 0, steps: 1 },
    ],
    choices: new Map(),
  });
  const both = Int32Array.of(0, 1);
  assert.is(schedule.length, 3);
  assert.is(schedule.pick(both, 2, -1, 0), 1);
  assert.is(schedule.pick(both, 2, 1, 1), 1);
  assert.is(schedule.pick(both, 2, 1, 2), 0);
  assert.is(schedule.pick(both, 2, 1, 3), 1);
  assert.is(schedule.pick(both, 2, -1, 4), 0);
  assert.is(schedule.partedAt, -1);
});

test('parting is noted with the first run that could not be', () => {
  const schedule = new RunsSchedule({
    runs: [
      { actor: 0, steps: 1 },
      { actor: 2, steps: 1 },
      { actor: 3, steps: 1 },
    ],
    choices: new Map(),
  });
  const both = Int32Array.of(0, 1);
  schedule.pick(both, 2, -1, 0);
  assert.is(schedule.pick(both, 2, 1, 1), 1);
  assert.is(schedule.pick(both, 2, -1, 2), 0);
  assert.is(schedule.partedAt, 1);
  schedule.rewind();
  assert.is(schedule.partedAt, -1);
  assert.is(schedule.pick(both, 2, -1, 0), 0);
});

test('choices are answered to each thread in the order of its own asking, and never out of range', () => {
  const schedule = new RunsSchedule({
    runs: [],
    choices: new Map([
      [0, [2, 1]],
      [1, [5]],
    ]),
  });
  assert.equal(
    [schedule.choose(3, 0), schedule.choose(9, 1), schedule.choose(2, 0), schedule.choose(2, 0)],
    [2, 5, 1, 0],
  );
  schedule.rewind();
  assert.is(schedule.choose(2, 0), 0, 'out of range now');
});

/** Golden: a token that somebody keeps must replay with the same hash in every later release (design.md). */
const golden = () =>
  inline(
    {
      name: 'golden',
      setup(machine) {
        const at = machine.share(8192);
        machine.task('app').store32(at, 7);
        return { at, list: [1n, 'x'] };
      },
      tasks: {
        app: {
          one(task: Task, { at }: { at: number }) {
            task.atomic.add(at, task.choose(4));
            task.send('kernel', { at, half: 0.5 });
            task.write(at + 4090, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
            task.sleep(10);
            return task.load64(at + 4092);
          },
          two(task: Task, { at }: { at: number }) {
            task.store16(at + 4095, 0xabcd);
            const made = task.allocate(4096);
            task.store32(made, task.random() < 0.5 ? 1 : 2);
            task.deallocate(made, 4096);
            task.yield();
            return task.atomic.compareExchange(at, 7, 9);
          },
        },
        kernel(task: Task) {
          const { at } = task.receive() as { at: number };
          return [task.load32(at), task.now()];
        },
      },
    },
    { everyOperation: true },
  );

const goldenTokens: [number, string, string][] = [
  [1, 'wd1:q8EjGCCeEQSR6HQYRKHgYTgEkfxSEUWCYQS6ynyA', 'a918cb06e5eb29f2'],
  [2, 'wd1:q8EjHRhFOAZSMI0hBiHQYikEsUCYQSjPQ6A', 'd050831d1e8cf43a'],
  [3, 'wd1:q8EjHxhFHgZRII0tihEoRBhHwqRbFAmEEM_jCw', '8c09c46461cfe30b'],
  [17, 'wd1:q8EjGyBlLIRRsFEbBJEgYh0GEfBJFsUB2HgehEQQqFZe', '862295256fa8565e'],
  [100000, 'wd1:q8EjHBR6EUSD1OIoSEGIRCrFAmEE6ewrwA', 'e64396c009a7b0af'],
];

for (const [number, token, hash] of goldenTokens) {
  test(`golden execution ${number} has the token and the hash that it had when this was written (rules 22, 23)`, () => {
    const run = golden();
    const found = run.random(number);
    assert.equal(found.violations, []);
    assert.is(tokenOf(run.machine.trace, 'abc123', 1, 4), token);
    assert.is(found.hash, hash);
    assert.is(run.replay(decodeToken(token, 4).runs).hash, hash);
  });
}

test.run();
