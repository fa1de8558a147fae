import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { picture } from '../../src/report/picture.ts';
import { doubleFetch, replayOf, trace } from './sample.ts';

const lines = (text: string): string[] => text.split('\n').map((line) => line.trimEnd());

test('a column a thread, time downward, sites numbered, switches marked', () => {
  assert.equal(lines(picture(doubleFetch)), [
    'step  client                        │ kernel.submit',
    '────────────────────────────────────┼───────────────────────────────────',
    '   1                                │ prepare() = kIOReturnSuccess   :18',
    '   2                                │ map() = map 7                  :19',
    '   3                                │ ▸1 load32(0x1000) = 16         :21',
    '── switch to client (kernel.submit could have gone on) ─────────────────',
    '   4  ▸2 store32(0x1000, 4096)  :12 │',
    '   5                                │ ▸3 load32(0x1000) = 4096       :22',
    '   6                                │ complete() = kIOReturnSuccess  :24',
  ]);
});

test('no line is wider than the terminal, down to a list when columns would say nothing', () => {
  for (let width = 30; width <= 160; width++) {
    for (const line of lines(picture(doubleFetch, width))) assert.ok([...line].length <= width, `${width}: ${line}`);
  }
  assert.match(picture(doubleFetch, 40), 'client: ▸2 store32');
});

test('a long run without interest becomes one row that counts it', () => {
  const run = Array.from({ length: 300 }, (_, index) => `client:9 atomic.add(0x10, 1) = ${index}`);
  const text = picture(replayOf(trace(...run, '!kernel.submit:21 load32(0x1000) = 1'), { failure: null }));
  assert.match(text, '⋮ 299 more steps');
  assert.match(text, /300 {2}atomic\.add\(0x10, 1\) = 299/);
  assert.is(lines(text).length, 6);
});

test('runs of one or two steps are shown: a row saying so would save nothing', () => {
  const text = picture(replayOf(trace('client:1 a', 'client:2 b', 'client:3 c'), { failure: null }));
  assert.not.match(text, '⋮');
});

test('thousands of switches still fit a screen or two, and the sites stay', () => {
  const steps = Array.from({ length: 2000 }, (_, index) => `${index % 2 ? '!client' : '!kernel.submit'}:7 yield()`);
  const text = picture(replayOf(trace(...steps)));
  assert.ok(lines(text).length < 90);
  for (const mark of ['▸1', '▸2', '▸3']) assert.match(text, mark);
  assert.match(text, /⋮ [\d,]+ more steps, [\d,]+ switches/);
});

test('a step in another file than most says which', () => {
  const steps = trace('client:1 a', 'client:2 b', 'client:3 c');
  const elsewhere = steps.map((step, index) => (index === 1 ? { ...step, file: 'lib/helper.ts' } : step));
  assert.match(picture(replayOf(elsewhere, { failure: null })), 'helper.ts:2');
});

test('threads that did nothing have no column', () => {
  assert.not.match(picture(replayOf(doubleFetch.trace, { threads: ['idle', 'client', 'kernel.submit'] })), 'idle');
});

test('escape codes and newlines of the user do not reach the terminal', () => {
  const text = picture(replayOf(trace('client:1 log("\u001b[31mred")'), { failure: null }));
  assert.not.match(text, '\u001b');
});

test('an empty trace is said to be empty', () => {
  assert.is(picture(replayOf([])), '(no step was taken)');
});

test.run();
