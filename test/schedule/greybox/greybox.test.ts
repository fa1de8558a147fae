/** Greybox fuzzing: what a place is, which pairs are new, and that constraints are kept, changed one at a time and enforced (RFF, ASPLOS 2024). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { gone, Intents } from '../../../src/machine/intents.ts';
import { Generator } from '../../../src/schedule/generator.ts';
import { Constraints, constraintOf, mostConstraints } from '../../../src/schedule/greybox/constraints.ts';
import { Corpus } from '../../../src/schedule/greybox/corpus.ts';
import { initially, isPair, pairOf, ReadsFrom, writerOf } from '../../../src/schedule/greybox/reads-from.ts';
import { Maxima } from '../../../src/schedule/maxima.ts';

const test = suite('greybox');

const [load, store] = [4, 5];

/** Follows steps of actors, each with its code. */
function follow(readsFrom: ReadsFrom, steps: readonly (readonly [actor: number, code: number])[]): number[] {
  const intents = new Intents(new Int32Array(Intents.words(4)));
  intents.next.fill(1);
  readsFrom.watch(intents);
  return steps.map(([actor, code]) => {
    readsFrom.settle();
    intents.next[actor] = code;
    const place = readsFrom.placeBefore(actor);
    readsFrom.step(actor);
    return place;
  });
}

test('threads that do the same are at the same place, a step that is only repeated stays there', () => {
  const readsFrom = new ReadsFrom(new Maxima());
  readsFrom.begin(1);
  const [one, again, stored, other, otherStored] = follow(readsFrom, [
    [0, load],
    [0, load],
    [0, store],
    [1, load],
    [1, store],
  ]);
  assert.is(again, one);
  assert.is(other, one);
  assert.is(otherStored, stored);
  assert.is.not(stored, one);
});

test('a pair is new once; it keeps the first execution that showed it, in whatever order they are merged', () => {
  const lessons = new Maxima();
  const readsFrom = new ReadsFrom(lessons);
  const serial = [
    [0, store],
    [1, load],
  ] as const;
  for (const [number, steps, fresh] of [
    [7, serial, true],
    [8, serial, false],
    [9, [...serial].reverse(), true],
  ] as const) {
    readsFrom.begin(number);
    follow(readsFrom, steps);
    assert.is(readsFrom.fresh, fresh, `execution ${number}`);
  }
  const pairs = lessons.measured().filter(([key]) => isPair(key));
  assert.is(pairs.length, 2);
  assert.is(pairs.filter(([pair]) => writerOf(pair) === initially).length, 1);
  const earlier = new Maxima();
  const other = new ReadsFrom(earlier);
  other.begin(3);
  follow(other, serial);
  lessons.merge(earlier.measured());
  const merged = lessons.measured().filter(([key]) => isPair(key));
  assert.equal(
    merged.map(([key]) => key),
    pairs.map(([key]) => key),
  );
  assert.is(merged.filter(([, value], i) => value > pairs[i]![1]).length, 1, 'the pair that execution 3 had first');
});

test('a mutation changes one constraint of a schedule that was kept', () => {
  const lessons = new Maxima();
  const readsFrom = new ReadsFrom(lessons);
  readsFrom.begin(1);
  follow(readsFrom, [
    [0, store],
    [1, load],
    [0, 7],
    [1, 6],
  ]);
  lessons.adopt();
  const corpus = new Corpus(lessons);
  const into = new Float64Array(mostConstraints);
  const kept = constraintOf(pairOf(12345, 67890), false);
  corpus.keep(1, Float64Array.of(kept), 1);
  lessons.adopt();
  const generator = new Generator();
  const counts = [0, 0, 0];
  for (let i = 0; i < 1000; i++) {
    generator.seed(1, i);
    const count = corpus.draw(generator, into);
    counts[count]!++;
    if (count === 2) assert.is(into[0], kept);
  }
  // Half of the draws begin from the kept one, of which a quarter lose their constraint; the others make their first.
  assert.ok(Math.abs(counts[0]! - 125) < 40, `${counts}`);
  assert.ok(Math.abs(counts[1]! - 500) < 60, `${counts}`);
  assert.ok(Math.abs(counts[2]! - 375) < 60, `${counts}`);
});

test('a reader waits for the writer that it must read from, other writers for the reader; for what was there at first all of them wait', () => {
  const program = [[store], [7, store], [6, load]];
  for (const wanted of ['nobody', 'first', 'second', 'not first'] as const) {
    const readsFrom = new ReadsFrom(new Maxima());
    readsFrom.begin(1);
    const [first, , second, , reader] = follow(readsFrom, [
      [0, store],
      [1, 7],
      [1, store],
      [2, 6],
      [2, load],
    ]);
    const writer = { nobody: initially, first: first!, second: second!, 'not first': first! }[wanted];
    const constraints = new Constraints(readsFrom);
    constraints.list[0] = constraintOf(pairOf(writer, reader!), wanted === 'not first');
    const intents = new Intents(new Int32Array(Intents.words(3)));
    readsFrom.watch(intents);
    const generator = new Generator();
    const readFrom = new Set<string>();
    for (let number = 2; number < 200; number++) {
      generator.seed(1, number);
      readsFrom.begin(number);
      constraints.begin(1, () => load >> 1);
      const at = [0, 0, 0];
      let last = 'nobody';
      while (at.some((steps, actor) => steps < program[actor]!.length)) {
        program.forEach((codes, actor) => {
          intents.next[actor] = codes[at[actor]!] ?? gone;
        });
        const free = [0, 1, 2].filter(
          (actor) => intents.next[actor] !== gone && !constraints.breaks(actor, intents.next[actor]!),
        );
        // Both have written, the first one last: what it must not read is all there is.
        if (free.length === 0 && wanted === 'not first') break;
        assert.ok(free.length > 0, 'somebody can go on');
        const actor = free[generator.below(free.length)]!;
        const code = intents.next[actor]!;
        constraints.decide(actor, code);
        readsFrom.step(actor);
        if (code === load) readFrom.add(last);
        if (code === store) last = ['first', 'second'][actor]!;
        at[actor]!++;
      }
    }
    assert.equal([...readFrom].sort(), wanted === 'not first' ? ['nobody', 'second'] : [wanted]);
  }
});

test.run();
