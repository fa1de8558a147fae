/** execution.md, rules 7 to 9: what kernel and engine report themselves. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Detectors } from '../../src/detect/detectors.ts';
import { actorsNamed, scan, stories, TraceWriter } from './support/traces.ts';

const actors = actorsNamed('client', 'kernel.submit');

test('a violation is a finding with its text, marked at the last step of its actor', () => {
  const record = new TraceWriter(actors);
  const step = record.load(0, 64);
  record.load(1, 64);
  record.release(0, 3);
  record.violation(0, 'assertion', 'expected 2, got 1');
  const { findings, failed } = scan(record);
  assert.is(failed, true);
  assert.is(findings.length, 1);
  assert.is(findings[0]!.rule, 'assertion');
  assert.is(findings[0]!.message, 'expected 2, got 1');
  assert.equal(findings[0]!.marks, [{ at: step, role: 'assertion' }]);
});

test('without a step before it, the violation itself is marked', () => {
  const record = new TraceWriter(actors);
  record.load(1, 64);
  const at = record.violation(0, 'leak', 'client holds 1 reference');
  record.load(1, 64);
  assert.equal(scan(record).findings[0]!.marks, [{ at, role: 'leak' }]);
});

test('memory that is not a device’s is marked at the access, which comes right after', () => {
  const record = new TraceWriter(actors);
  record.load(0, 64);
  record.violation(0, 'dma-unwired', 'client reads memory at 0x80 that is not wired');
  const access = record.load(0, 128);
  record.load(0, 64);
  assert.equal(scan(record).findings[0]!.marks, [{ at: access, role: 'dma-unwired' }]);
  const cut = new TraceWriter(actors);
  const before = cut.load(0, 64);
  cut.violation(0, 'dma-unwired', 'and no more');
  assert.equal(scan(cut).findings[0]!.marks, [{ at: before, role: 'dma-unwired' }]);
});

test('rules can be a note or off, one by one', () => {
  const record = new TraceWriter(actors);
  record.violation(0, 'leak', 'one');
  record.violation(1, 'deadlock', 'two');
  assert.equal(
    scan(record, { leak: 'off', deadlock: 'note' }).findings.map(({ rule, level }) => `${rule} ${level}`),
    ['deadlock note'],
  );
  assert.is(scan(record, { leak: 'off', deadlock: 'note' }).failed, false);
  assert.equal(stories(record, { leak: 'off', deadlock: 'off' }), []);
});

test('rule, actor and operation make the group, not the text', () => {
  const execution = (operations: number, text: string): TraceWriter => {
    const record = new TraceWriter(actors);
    for (let i = 0; i < operations; i++) record.load(0, 64);
    record.violation(0, 'assertion', text);
    return record;
  };
  const detectors = new Detectors({}, actors);
  const fresh = (record: TraceWriter): number => {
    detectors.scan(record);
    return detectors.sink.fresh.length;
  };
  assert.is(fresh(execution(1, 'a')), 1);
  assert.is(fresh(execution(1, 'b')), 0);
  assert.is(detectors.sink.failed, true);
  assert.is(fresh(execution(2, 'a')), 1);
  assert.is(fresh(new TraceWriter(actors)), 0);
  assert.is(detectors.sink.failed, false);
  detectors.sink.forget();
  assert.is(fresh(execution(1, 'a')), 1);
});

test.run();
