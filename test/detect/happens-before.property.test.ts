/** The race detector finds, in random traces, exactly what the definitions say. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Detectors } from '../../src/detect/detectors.ts';
import { Kind } from '../../src/kernel/trace.ts';
import { racingPairs } from './support/race-oracle.ts';
import { actorsNamed, TraceWriter } from './support/traces.ts';

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
console.log(`seed ${seed} (SEED=${seed} repeats it)`);

const actors = actorsNamed('app.0', 'app.1', 'app.2', 'app.3');
const actor = fc.nat(actors.length - 1);
const key = fc.nat(2);
/** Bytes that overlap often, in one place, in neighbouring places, at a page edge and at the top of memory. */
const physical = fc.oneof(
  fc.integer({ min: 64, max: 84 }),
  fc.constantFrom(4092, 4094, 4095, 4096, 0x8000, 0x8002, 2 ** 33 - 16),
);
const word = fc.constantFrom(64, 68, 80, 4092, 0x8000);
const kinds = [Kind.AtomicLoad, Kind.AtomicStore, Kind.AtomicAdd, Kind.AtomicExchange, Kind.AtomicCompareExchange];

type Line = (record: TraceWriter) => unknown;
const line: fc.Arbitrary<Line> = fc.oneof(
  fc.tuple(actor, physical, fc.constantFrom(1, 2, 4, 8), fc.boolean()).map(([a, p, width, store]): Line => {
    const split = p < 4096 && p + width > 4096;
    if (split) return (r) => r.split(store ? Kind.Store64 : Kind.Load64, a, p, 0x8000, 8);
    return (r) => (store ? r.store(a, p, width) : r.load(a, p, width));
  }),
  fc.tuple(actor, word, fc.constantFrom(...kinds), fc.nat(1)).map(
    ([a, w, kind, before]): Line =>
      (r) =>
        r.atomic(kind, a, w, before, 1, 0),
  ),
  fc.tuple(actor, fc.integer({ min: 60, max: 84 }), fc.nat(40), fc.boolean()).map(
    ([a, p, length, store]): Line =>
      (r) =>
        store ? r.write(a, p, length) : r.read(a, p, length),
  ),
  fc.tuple(actor, key).map(
    ([a, k]): Line =>
      (r) =>
        r.acquire(a, k),
  ),
  fc.tuple(actor, key).map(
    ([a, k]): Line =>
      (r) =>
        r.release(a, k),
  ),
);

test('pairs that race are those that nothing orders', () => {
  // One set of detectors for all traces: nothing may be left of the trace before.
  const detectors = new Detectors({}, actors);
  let racing = 0;
  fc.assert(
    fc.property(fc.array(line, { maxLength: 40, size: 'max' }), (lines) => {
      const record = new TraceWriter(actors);
      for (const write of lines) write(record);
      detectors.sink.forget();
      detectors.scan(record);
      const found = detectors.sink.fresh.map(({ marks }) => `${marks[0]!.at} ${marks[1]!.at}`);
      const pairs = racingPairs(record.trace);
      racing += pairs.length;
      const expected = pairs.filter(({ latest }) => latest);
      assert.equal(found.sort(), expected.map(({ earlier, later }) => `${earlier} ${later}`).sort());
      // Older accesses are left out only beside a later one of the same actor.
      for (const { later, earlierActor } of pairs) {
        assert.ok(expected.some((other) => other.later === later && other.earlierActor === earlierActor));
      }
    }),
    { seed, numRuns: 400 },
  );
  assert.ok(racing > 400, 'the traces hardly race at all');
});

test.run();
