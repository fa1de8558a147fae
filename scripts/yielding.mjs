/**
 * Compiles the thread functions of a scenario to generators, for exploring: before an operation that stands in its own text a
 * thread then yields, where otherwise it is thrown off the stack and run again from the top. Whatever is not certain stays
 * as it is and suspends by throwing, so what is compiled here can be slower than hoped for, never wrong.
 *
 * Certain is a function that is given to the scenario, whose first parameter is the task and is called nothing else inside; and
 * what such functions call by a name that is declared once in the module. An operation `task.load32(a)` becomes
 *
 *     (($t = task.$load32(a)) === -1 ? (yield, task.$again()) : $t)
 *
 * (the methods with $ are in src/machine/yielding-task.ts), and `lock.unlock()`, which may be a kernel call of several steps,
 *
 *     ($t = task.$callBare(lock, 'unlock'), task.$waits ? (yield, $t = task.$more(), task.$waits ? … yield* task.$rest() : $t) : $t)
 *
 * Lines stay lines.
 */
import { analyse, isStatement } from './yielding-analysis.mjs';

const temporary = '$wiredown';

/** The module's text with its thread functions compiled, and `export const wiredownYields = true`; null when none can be. */
export function compileThreads(text) {
  if (text.includes(temporary)) return null;
  const functions = analyse(text);
  if (functions === null || functions.length === 0) return null;
  const edits = new Edits();
  for (const found of functions) {
    toGenerator(edits, text, found);
    for (const site of found.sites) (site.call === undefined ? rewriteSite : rewriteCall)(edits, text, site);
    for (const { node, parent, statement } of found.delegations) {
      if (isStatement(parent)) edits.before(node.start, 'yield* ');
      else {
        edits.before(node.start, `${guard(node, statement)}(yield* `);
        edits.after(node.end, ')');
      }
    }
  }
  return `${edits.apply(text)}\nexport const wiredownYields = true;\n`;
}

function toGenerator(edits, text, { node, parent }) {
  const declaration = `let ${temporary};`;
  if (node.type !== 'ArrowFunctionExpression') {
    if (parent.type === 'Property' && parent.method) edits.before(parent.start, '*');
    else edits.before(node.start + 'function'.length, '*');
    edits.before(node.body.start + 1, declaration);
    return;
  }
  const last = node.params.at(-1);
  const arrow = text.indexOf('=>', last.end);
  const bare = text[node.start] !== '(';
  edits.before(node.start, bare ? '(function*(' : '(function*');
  if (bare) edits.before(last.end, ')');
  if (node.body.type === 'BlockStatement') {
    edits.replace(arrow, arrow + 2, '');
    edits.before(node.body.start + 1, declaration);
    edits.after(node.end, ')');
  } else {
    edits.replace(arrow, arrow + 2, `{${declaration}return(`);
    edits.after(node.end, ')})');
  }
}

function rewriteSite(edits, text, { node, parent, statement, task, method, hasValue }) {
  const { start, end } = node.callee;
  edits.replace(start, end, `${task}.${method}${text.slice(start, end).replace(/[^\n]/g, '')}`);
  const again = `(yield,${task}.$again())`;
  if (isStatement(parent)) {
    edits.after(node.end, `===-1&&${again}`);
  } else if (hasValue) {
    edits.before(node.start, `${guard(node, statement)}((${temporary}=`);
    edits.after(node.end, `)===-1?${again}:${temporary})`);
  } else {
    edits.before(node.start, `${guard(node, statement)}(`);
    edits.after(node.end, `===-1?${again}:void 0)`);
  }
}

function rewriteCall(edits, text, { node, statement, task, call }) {
  const { callee } = node;
  const dot = text.lastIndexOf('.', callee.property.start);
  const opening = text.indexOf('(', callee.end);
  const isBare = node.arguments.length === 0;
  // A comment between may hold anything.
  if (!isBlank(text.slice(dot + 1, callee.property.start)) || !isBlank(text.slice(callee.end, opening))) return;
  edits.before(node.start, `${guard(node, statement)}(${temporary}=${task}.${isBare ? '$callBare' : '$call'}(`);
  edits.replace(dot, callee.end, `,'${call}'${text.slice(dot, callee.end).replace(/[^\n]/g, '')}`);
  edits.replace(opening, opening + 1, isBare ? '' : ',');
  edits.after(node.end, `,${whileWaiting(task)})`);
}

/** A lock that another thread has makes wait twice: for the turn, and for the lock. To be more often made to wait is worth a generator. */
const inlineWaits = 2;

function whileWaiting(task) {
  let rest = `yield*${task}.$rest()`;
  for (let i = 0; i < inlineWaits; i++)
    rest = `(yield,${temporary}=${task}.$more(),${task}.$waits?${rest}:${temporary})`;
  return `${task}.$waits?${rest}:${temporary}`;
}

const isBlank = (text) => text.trim() === '';

/** A parenthesis at the start of a statement would go on with the line before, where that has no semicolon. */
const guard = (node, statement) => (statement !== null && node.start === statement.start ? 'void 0,' : '');

/** Insertions and replacements of one text. Around nested nodes, those of the outer one lie outside. */
class Edits {
  #list = [];

  before(at, text) {
    this.#list.push({ from: at, to: at, text, order: this.#list.length, side: 1 });
  }

  /** Behind what ends at `at`: an inner node is noted after the outer one, and comes first. */
  after(at, text) {
    this.#list.push({ from: at, to: at, text, order: -this.#list.length, side: 0 });
  }

  replace(from, to, text) {
    this.#list.push({ from, to, text, order: 0, side: 2 });
  }

  apply(source) {
    const sorted = this.#list.sort((a, b) => a.from - b.from || a.side - b.side || a.order - b.order);
    let at = 0;
    let out = '';
    for (const { from, to, text } of sorted) {
      out += source.slice(at, from) + text;
      at = to;
    }
    return out + source.slice(at);
  }
}
