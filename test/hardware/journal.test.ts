/** The undo journal (design.md, "Executions start equal"; execution.md rule 19). */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Journal } from '../../src/hardware/journal.ts';
import { seeded } from '../support/seeded.ts';

const test = suite('journal');

test('keeps nothing before a base is set', () => {
  const journal = new Journal();
  const words = new Int32Array(4);
  const target = { field: 1 };
  journal.word(words, 0, 7);
  journal.set(target, 'field', 2);
  journal.undo(() => assert.unreachable('recorded before the base'));
  assert.is(journal.length, 0);
  journal.rollback();
  assert.is(words[0], 7);
  assert.is(target.field, 2);
});

test('undoes words newest first, so that the oldest value wins (rule 19)', () => {
  const journal = new Journal();
  const words = Int32Array.of(1, 2, 3);
  journal.base();
  for (let value = 10; value < 20; value++) journal.word(words, 1, value);
  journal.word(words, 2, -(2 ** 31));
  assert.is(journal.length, 11);
  journal.rollback();
  assert.equal([...words], [1, 2, 3]);
  assert.is(journal.length, 0);
});

test('undoes fields and structures newest first, each with the state it had then', () => {
  const journal = new Journal();
  const list: string[] = ['a'];
  const target: { name: string | null } = { name: 'before' };
  journal.base();
  const seen: string[] = [];
  list.push('b');
  journal.undo(() => seen.push(`pop ${list.pop()} while ${target.name}`));
  journal.set(target, 'name', null);
  list.push('c');
  journal.undo(() => seen.push(`pop ${list.pop()} while ${target.name}`));
  journal.set(target, 'name', 'after');
  journal.rollback();
  assert.equal(seen, ['pop c while null', 'pop b while before']);
  assert.equal(list, ['a']);
  assert.is(target.name, 'before');
});

test('records nothing while it undoes, and records again afterwards', () => {
  const journal = new Journal();
  const target = { field: 1 };
  journal.base();
  journal.undo(() => journal.set(target, 'field', 99));
  journal.rollback();
  assert.is(target.field, 99);
  assert.is(journal.length, 0);
  journal.set(target, 'field', 3);
  journal.rollback();
  assert.is(target.field, 99);
});

test('rolls back to the same base as often as asked, growing beyond its first room', () => {
  const journal = new Journal();
  const words = new Int32Array(5000).map((_, i) => i);
  const before = [...words];
  journal.base();
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 5000; i++) journal.word(words, (i * 7) % 5000, round + i);
    journal.rollback();
    assert.equal([...words], before);
  }
});

test('base makes the present state the one that is returned to; stop lets go of it', () => {
  const journal = new Journal();
  const words = new Int32Array(1);
  journal.base();
  journal.word(words, 0, 1);
  journal.base();
  journal.word(words, 0, 2);
  journal.rollback();
  assert.is(words[0], 1);
  journal.word(words, 0, 3);
  journal.stop();
  journal.rollback();
  assert.is(words[0], 3);
});

test('tells every listener after every rollback, when all is undone', () => {
  const journal = new Journal();
  const words = new Int32Array(1);
  const target = { field: 'base' };
  const seen: string[] = [];
  journal.onRollback(() => seen.push(`one ${words[0]} ${target.field}`));
  journal.onRollback(() => seen.push('two'));
  journal.base();
  journal.word(words, 0, 5);
  journal.set(target, 'field', 'changed');
  journal.rollback();
  journal.rollback();
  assert.equal(seen, ['one 0 base', 'two', 'one 0 base', 'two']);
});

test('any mixture of changes is undone exactly (property)', () => {
  const change = fc.oneof(
    fc.record({ kind: fc.constant('word' as const), index: fc.nat(15), value: fc.integer() }),
    fc.record({ kind: fc.constant('field' as const), key: fc.constantFrom('a', 'b', 'c'), value: fc.nat() }),
    fc.record({ kind: fc.constant('map' as const), key: fc.nat(3), value: fc.nat() }),
    fc.record({ kind: fc.constant('push' as const), value: fc.nat() }),
    fc.record({ kind: fc.constant('append' as const), value: fc.nat() }),
    fc.record({ kind: fc.constant('remove' as const), value: fc.nat() }),
  );
  seeded(
    fc.property(fc.array(change, { maxLength: 60 }), fc.array(change, { maxLength: 60 }), (first, second) => {
      const journal = new Journal();
      const words = new Int32Array(16);
      const fields: Record<string, number> = { a: 1, b: 2, c: 3 };
      const map = new Map<number, number>();
      const list: number[] = [];
      const apply = (changes: typeof first): void => {
        for (const entry of changes) {
          if (entry.kind === 'word') journal.word(words, entry.index, entry.value);
          else if (entry.kind === 'field') journal.set(fields, entry.key, entry.value);
          else if (entry.kind === 'map') {
            const old = map.get(entry.key);
            map.set(entry.key, entry.value);
            journal.undo(() => (old === undefined ? map.delete(entry.key) : map.set(entry.key, old)));
          } else if (entry.kind === 'push') {
            list.push(entry.value);
            journal.undo(() => list.pop());
          } else if (entry.kind === 'append') journal.append(list, entry.value);
          else if (list.length > 0) {
            const at = entry.value % list.length;
            const item = list[at];
            assert.is(journal.remove(list, at), item);
          }
        }
      };
      const shot = () => JSON.stringify([[...words], fields, [...map].sort(([a], [b]) => a - b), list]);
      apply(first);
      journal.base();
      const base = shot();
      apply(second);
      journal.rollback();
      assert.is(shot(), base);
    }),
  );
});

test.run();
