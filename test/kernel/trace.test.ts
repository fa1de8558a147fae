/** The trace: events as words, and its hash (execution.md rule 22; design.md, "Determinism is tested, not hoped for"). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  firstNonStep,
  headerWords,
  isAccess,
  isAtomic,
  isLoad,
  isStep,
  isStore,
  Kind,
  Trace,
} from '../../src/kernel/trace.ts';
import { SharedTrace } from '../../src/machine/threads/shared-trace.ts';

const test = suite('trace');

function sample(trace = new Trace()): Trace {
  trace.append(Kind.Load32, 0, 0, 2 ** 32 + 8, 8192, 4, 16, 0);
  const call = trace.append(Kind.Call, 1, 0, 3, -1, 0, 0, 0);
  for (const word of [1.5, -0, Number.NaN]) trace.note(call, word);
  trace.append(Kind.Release, 1, 0, 7, -1, 0, 0, 0);
  trace.append(Kind.Acquire, 0, 0, 7, -1, 0, 0, 0);
  trace.append(Kind.Store64, 255, 1, 4096, 4096, 8, 0xffffffff, 0x80000000);
  trace.append(Kind.Violation, 0, 1, 6, -1, 0, 0, 0);
  return trace;
}

test('walks from event to event, over extra words', () => {
  const trace = sample();
  const events: [number, number][] = [];
  for (let at = 0; at < trace.length; at = trace.after(at)) events.push([trace.kindAt(at), trace.actorAt(at)]);
  assert.equal(events, [
    [Kind.Load32, 0],
    [Kind.Call, 1],
    [Kind.Release, 1],
    [Kind.Acquire, 0],
    [Kind.Store64, 255],
    [Kind.Violation, 0],
  ]);
  assert.is(trace.length, 6 * headerWords + 3);
});

test('counts as steps what the schedule gave, and nothing else', () => {
  assert.is(sample().steps, 3);
  const trace = sample();
  trace.clear();
  assert.is(trace.steps, 0);
  assert.is(trace.length, 0);
});

test('kinds are divided as their comments say', () => {
  for (const kind of Object.values(Kind)) {
    assert.is(isStep(kind), kind < firstNonStep);
    assert.ok([isLoad(kind), isStore(kind), isAtomic(kind)].filter(Boolean).length <= 1);
    if (isLoad(kind) || isStore(kind) || isAtomic(kind) || kind === Kind.Read || kind === Kind.Write)
      assert.ok(isAccess(kind));
  }
  assert.is(new Set(Object.values(Kind)).size, Object.values(Kind).length, 'no number twice');
});

test('extends bit for bit: packed bytes may look like any NaN', () => {
  const trace = new Trace();
  const bits = Uint32Array.of(1, 0x7ff00000, 0xfff7ffff, 0xfff7ffff, 0xdeadbeef, 0xfff00001);
  const at = trace.append(Kind.Call, 0, 0, 0, -1, 0, 0, 0);
  trace.extend(at, bits, 3);
  assert.equal([...trace.bits.subarray(headerWords * 2, headerWords * 2 + 6)], [...bits]);
});

test('grows and keeps what it has, its hash too', () => {
  const small = new Trace(new Float64Array(8));
  sample(small);
  assert.is(small.hash(), sample().hash());
  assert.equal([...small.words.subarray(0, small.length)], [...sample().words.subarray(0, small.length)]);
  const big = new Trace(new Float64Array(8));
  const at = big.append(Kind.Call, 0, 0, 0, -1, 0, 0, 0);
  big.extend(at, new Uint32Array(new Float64Array(10_000).fill(0.25).buffer), 10_000);
  assert.is(big.after(at), big.length);
  assert.is(big.words[big.length - 1], 0.25);
});

test('a trace in shared memory says when it is full, and stays whole', () => {
  const words = new Float64Array(new SharedArrayBuffer(8 * 16));
  const trace = new SharedTrace(words, new Int32Array(new SharedArrayBuffer(8)));
  trace.append(Kind.Yield, 0, 0, 0, -1, 0, 0, 0);
  const at = trace.append(Kind.Yield, 0, 1, 0, -1, 0, 0, 0);
  assert.throws(() => trace.append(Kind.Yield, 0, 2, 0, -1, 0, 0, 0), RangeError);
  assert.throws(() => trace.extend(at, new Uint32Array(2), 1), RangeError);
  assert.throws(() => trace.note(at, 1), RangeError);
  assert.is(trace.steps, 2);
  assert.is(trace.after(at), trace.length);
});

/** Golden: these never change, or every token that anybody has kept is worth nothing. */
test('hashes are what they were when this was written (rule 22)', () => {
  assert.is(new Trace().hash(), '9e3779b97f4a7c15');
  assert.is(sample().hash(), '993e5a487d80100d');
});

test('the hash is over operations, operands and results', () => {
  const base = sample().hash();
  const words = [0, 1, 2, 4, 5, 6];
  for (const word of words) {
    const trace = sample();
    trace.words[word] = trace.words[word]! + (word === 0 ? 64 : 1);
    assert.is.not(trace.hash(), base, `word ${word} counts`);
  }
  const extra = sample();
  extra.words[2 * headerWords + 1] = 0;
  assert.is.not(extra.hash(), base, 'minus nought is another word than nought');
});

test('the hash is not over physical addresses, nor over keys of happens-before', () => {
  const trace = sample();
  trace.words[3] = 99;
  assert.is(trace.hash(), sample().hash());
  const other = new Trace();
  other.append(Kind.Load8, 0, 0, 0, 0, 1, 0, 0);
  const plain = other.hash();
  other.append(Kind.Acquire, 0, 0, 5, -1, 0, 0, 0);
  other.append(Kind.Release, 0, 0, 5, -1, 0, 0, 0);
  assert.is(other.hash(), plain);
});

test('the order of events counts', () => {
  const hash = (kinds: number[]): string => {
    const trace = new Trace();
    for (const kind of kinds) trace.append(kind, 0, 0, 0, -1, 0, 0, 0);
    return trace.hash();
  };
  assert.is.not(hash([Kind.Load8, Kind.Load16]), hash([Kind.Load16, Kind.Load8]));
  assert.is.not(hash([Kind.Load8]), hash([Kind.Load8, Kind.Load8]));
});

test.run();
