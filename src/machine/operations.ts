/** Events of the trace as a person would write them: 'load32(0x100000000) = 16', 'prepare(descriptor 0x1, 0) = 0'. */
import { hex } from '../hardware/errors.ts';
import { Status } from '../kernel/call.ts';
import { callTable } from '../kernel/calls/index.ts';
import { headerWords, isLoad, isStore, Kind, type Trace } from '../kernel/trace.ts';
import { text } from '../kernel/wire.ts';
import { Words } from '../kernel/words.ts';

/** By kind, from AtomicLoad on. */
const atomicNames = ['load', 'store', 'add', 'sub', 'and', 'or', 'xor', 'exchange', 'compareExchange'];

const scalarNames = ['', 'load8', 'load16', 'load32', 'load64', 'store8', 'store16', 'store32', 'store64'];

/** The event at `at` of `trace`; without a trace, an operation of `kind` that has no result yet. */
export function formatOperation(trace: Trace | null, at: number, kind = 0, subject = 0, value = 0): string {
  if (trace === null) return format(kind, subject, value, 0, null);
  const words = trace.words;
  if (trace.kindAt(at) === Kind.Call) return formatCall(trace, at);
  if (words[at + 3] === -1 && words[at + 6] === -1)
    return `${format(trace.kindAt(at), words[at + 2]!, 0, 0, null)}: refused`;
  return format(trace.kindAt(at), words[at + 2]!, words[at + 5]!, words[at + 6]!, words[at + 4]!);
}

function format(kind: number, subject: number, low: number, high: number, length: number | null): string {
  const known = length !== null;
  if (isLoad(kind)) return `${scalarNames[kind]}(${hex(subject)})${known ? ` = ${whole(kind, low, high)}` : ''}`;
  if (isStore(kind)) return `${scalarNames[kind]}(${hex(subject)}, ${whole(kind, low, high)})`;
  if (kind >= Kind.AtomicLoad && kind <= Kind.AtomicCompareExchange) {
    const name = atomicNames[kind - Kind.AtomicLoad]!;
    const operand = name === 'load' || !known ? '' : `, ${high}`;
    return `atomic.${name}(${hex(subject)}${operand})${known && name !== 'store' ? ` = ${low}` : ''}`;
  }
  switch (kind) {
    case Kind.Read:
      return `read ${length ?? 0} bytes at ${hex(subject)}`;
    case Kind.Write:
      return `write ${length ?? 0} bytes at ${hex(subject)}`;
    case Kind.Bulk:
      return `a bulk copy of ${length ?? low} bytes at ${hex(subject)}`;
    case Kind.Call:
      return `${callTable[subject]?.name ?? 'an unknown call'}()`;
    case Kind.Continue:
      return `… ${callTable[subject]?.name ?? ''}`;
    case Kind.Choose:
      return `choose(${subject})${known ? ` = ${low}` : ''}`;
    case Kind.Yield:
      return 'yield()';
    case Kind.Idle:
      return 'ends, having done nothing';
    case Kind.Random:
      return 'random()';
    case Kind.PageOut:
      return low === 0 ? 'finds no page to take' : 'takes a page out of memory';
    case Kind.Purge:
      return low === 0 ? 'finds nothing to empty' : 'empties a volatile object';
    case Kind.Evict:
      return subject === 0 ? 'drops a line' : 'writes a line back and drops it';
    case Kind.Drain:
      return `its store of ${length ?? 0} bytes to ${hex(subject)} reaches memory`;
    case Kind.Clock:
      return `time moves to ${low} ns`;
    default:
      return `event ${kind}`;
  }
}

function formatCall(trace: Trace, at: number): string {
  const entry = callTable[trace.words[at + 2]!];
  if (entry === undefined) return 'an unknown call';
  const words = new Words(trace.words);
  words.at = at + headerWords;
  words.length = words.at + trace.words[at + 7]!;
  const values = entry.parameters.map((parameter) => short(parameter.codec.decode(words)));
  return `${entry.name}(${values.join(', ')})${formatResult(trace, at)}`;
}

/** ' = result' when the call has returned. */
function formatResult(trace: Trace, callAt: number): string {
  const actor = trace.actorAt(callAt);
  const operation = trace.words[callAt + 1]!;
  for (let at = trace.after(callAt); at < trace.length; at = trace.after(at)) {
    if (trace.kindAt(at) !== Kind.Return || trace.actorAt(at) !== actor || trace.words[at + 1] !== operation) continue;
    const words = new Words(trace.words);
    words.at = at + headerWords;
    words.length = words.at + trace.words[at + 7]!;
    const status = trace.words[at + 4]!;
    if (status === Status.Done) {
      const value = callTable[trace.words[callAt + 2]!]!.result.decode(words);
      return value === undefined ? '' : ` = ${short(value)}`;
    }
    const name = status === Status.Panicked ? 'KernelPanic' : text.decode(words);
    return `: ${name}: ${text.decode(words)}`;
  }
  return '';
}

function whole(kind: number, low: number, high: number): string {
  if (kind !== Kind.Load64 && kind !== Kind.Store64) return String(low);
  return `${((BigInt(high) << 32n) | BigInt(low)).toString()}n`;
}

function short(value: unknown): string {
  if (typeof value === 'number') return value >= 4096 ? hex(value) : String(value);
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (value instanceof Float64Array) return 'data';
  if (typeof value === 'object' && value !== null) {
    const parts = Array.isArray(value)
      ? value.map(short)
      : Object.entries(value).map(([key, item]) => `${key}: ${short(item)}`);
    return Array.isArray(value) ? `[${parts.join(', ')}]` : `{ ${parts.join(', ')} }`;
  }
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
