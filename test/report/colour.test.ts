import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { coloursFor } from '../../src/report/colour.ts';
import { Progress } from '../../src/report/progress.ts';

const terminal = { isTTY: true };
const isColoured = (stream: { isTTY?: boolean }, environment: Record<string, string>): boolean =>
  coloursFor(stream, environment).red('x') !== 'x';

test('colours are for a terminal that somebody watches', () => {
  assert.is(isColoured(terminal, {}), true);
  assert.is(isColoured({}, {}), false);
  assert.is(isColoured(terminal, { CI: 'true' }), false);
  assert.is(isColoured(terminal, { TERM: 'dumb' }), false);
});

test('NO_COLOR refuses them, FORCE_COLOR asks for them, and refusing wins', () => {
  assert.is(isColoured(terminal, { NO_COLOR: '1' }), false);
  assert.is(isColoured(terminal, { NO_COLOR: '' }), true);
  assert.is(isColoured({}, { FORCE_COLOR: '1' }), true);
  assert.is(isColoured({}, { FORCE_COLOR: '0' }), false);
  assert.is(isColoured({}, { FORCE_COLOR: '1', NO_COLOR: '1' }), false);
});

test('progress is silent where nobody watches, and computes no text there', () => {
  const written: string[] = [];
  const progress = new Progress({ write: (text) => written.push(text) }, {});
  progress.show(() => {
    throw new Error('computed');
  });
  progress.end();
  assert.equal(written, []);
});

test('progress is one line within the width of the terminal, and is taken away at the end', () => {
  const written: string[] = [];
  const progress = new Progress({ isTTY: true, columns: 10, write: (text) => written.push(text) }, {});
  progress.show(() => 'a line that is too long');
  progress.show(() => 'too soon after the first one');
  progress.end();
  progress.end();
  assert.equal(written, ['\r\u001b[2Ka line th', '\r\u001b[2K']);
});

test.run();
