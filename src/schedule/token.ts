/**
 * The token: one execution in a line that can be pasted. `wd1:` and then, in base64url, this string of bits:
 *
 *   24  digest of the scenario (name, threads, machine)
 *    n  seed
 *    n  number of runs; for each run: actor (⌈log2(actors)⌉ bits), steps (n), check (4 bits over what the run did)
 *    n  number of threads that were asked to choose; for each: thread, number of answers, answers (n each)
 *   24  end of the trace hash
 *
 * n stands for a number in groups of three bits, each led by a bit that says whether another follows, lowest first. Tokens
 * count operations, never scheduling points, so that they depend on neither strategy nor carrier nor what was shared.
 */
import { firstNonStep, type Trace } from '../kernel/trace.ts';
import { UsageError } from '../machine/errors.ts';
import { type Run, type Runs, runsOf } from './runs.ts';

const prefix = 'wd1:';
const checkBits = 4;

export interface Token {
  readonly digest: string;
  readonly seed: number;
  readonly runs: Runs;
  /** A few bits over the operations of each run, to name the first one that no longer fits. */
  readonly checks: readonly number[];
  /** The last six digits of the trace hash. */
  readonly hashEnd: string;
}

/** The token of the execution that made `trace`, in a scenario with `actors` actors (threads and clock). */
export function tokenOf(trace: Trace, digest: string, seed: number, actors: number): string {
  const runs = runsOf(trace);
  return encodeToken(
    { digest, seed, runs, checks: checksOf(trace, runs.runs), hashEnd: trace.hash().slice(-6) },
    actors,
  );
}

/**
 * The check of each run of `runs` in `trace`: what kinds of operations it did.
 *
 * @param numbers what actors count as; left out, by their own numbers
 */
export function checksOf(trace: Trace, runs: readonly Run[], numbers: readonly number[] | null = null): number[] {
  const checks: number[] = [];
  let index = 0;
  let left = runs[0]?.steps ?? 0;
  let check = 0;
  for (let at = 0; at < trace.length && index < runs.length; at = trace.after(at)) {
    const kind = trace.kindAt(at);
    if (kind >= firstNonStep) continue;
    const actor = trace.actorAt(at);
    check = Math.imul(check ^ (kind + 41 * (numbers === null ? actor : numbers[actor]!)), 0x9e3779b1);
    check ^= check >>> 15;
    if (--left > 0) continue;
    checks.push((check >>> 7) & (2 ** checkBits - 1));
    check = 0;
    left = runs[++index]?.steps ?? 0;
  }
  return checks;
}

export function encodeToken(token: Token, actors: number): string {
  const bits = new BitWriter();
  const actorBits = bitsFor(actors);
  bits.fixed(Number.parseInt(token.digest, 16), 24);
  bits.number(token.seed);
  bits.number(token.runs.runs.length);
  token.runs.runs.forEach((run, i) => {
    bits.fixed(run.actor, actorBits);
    bits.number(run.steps);
    bits.fixed(token.checks[i] ?? 0, checkBits);
  });
  bits.number(token.runs.choices.size);
  for (const [thread, answers] of [...token.runs.choices].sort(([a], [b]) => a - b)) {
    bits.fixed(thread, actorBits);
    bits.number(answers.length);
    for (const answer of answers) bits.number(answer);
  }
  bits.fixed(Number.parseInt(token.hashEnd, 16), 24);
  return prefix + Buffer.from(bits.bytes()).toString('base64url');
}

/** The digest of the scenario that the token is of: how many actors that has is known only then. Throws UsageError as `decodeToken`. */
export const digestIn = (pasted: string): string => readDigest(open(pasted));

/** Throws UsageError that says what is wrong with the text. */
function open(pasted: string): BitReader {
  const text = pasted.trim();
  const version = /^wd(\d+):/.exec(text);
  if (version !== null && version[1] !== '1') {
    throw new UsageError(`the token is of version ${version[1]}; this wiredown reads version 1`);
  }
  if (version === null || !/^[A-Za-z0-9_-]+$/.test(text.slice(prefix.length))) {
    throw new UsageError(`${JSON.stringify(text)} is no token: expected wd1: and letters, digits, - and _`);
  }
  const bytes = Buffer.from(text.slice(prefix.length), 'base64url');
  if (prefix + bytes.toString('base64url') !== text)
    throw new UsageError('the token is garbled: its last character says nothing');
  return new BitReader(bytes);
}

const readDigest = (bits: BitReader): string => bits.fixed(24).toString(16).padStart(6, '0');

/** Throws UsageError that says what is wrong with the text. */
export function decodeToken(pasted: string, actors: number): Token {
  const bits = open(pasted);
  const actorBits = bitsFor(actors);
  const digest = readDigest(bits);
  const seed = bits.number();
  const runs: Run[] = [];
  const checks: number[] = [];
  for (let left = bits.count(); left > 0; left--) {
    runs.push({ actor: bits.fixed(actorBits), steps: bits.number() });
    checks.push(bits.fixed(checkBits));
  }
  const choices = new Map<number, number[]>();
  for (let left = bits.count(); left > 0; left--) {
    const thread = bits.fixed(actorBits);
    const answers: number[] = [];
    for (let more = bits.count(); more > 0; more--) answers.push(bits.number());
    choices.set(thread, answers);
  }
  const hashEnd = bits.fixed(24).toString(16).padStart(6, '0');
  bits.end();
  return { digest, seed, runs: { runs, choices }, checks, hashEnd };
}

const bitsFor = (actors: number): number => Math.max(1, Math.ceil(Math.log2(actors)));

class BitWriter {
  private readonly bits: number[] = [];

  fixed(value: number, width: number): void {
    for (let i = width - 1; i >= 0; i--) this.bits.push(Math.floor(value / 2 ** i) % 2);
  }

  number(value: number): void {
    let rest = value;
    do {
      const group = rest % 8;
      rest = Math.floor(rest / 8);
      this.fixed(rest > 0 ? 1 : 0, 1);
      this.fixed(group, 3);
    } while (rest > 0);
  }

  /** Whole bytes; what is left over of the last one is zero. */
  bytes(): Uint8Array {
    const bytes = new Uint8Array(Math.ceil(this.bits.length / 8));
    this.bits.forEach((bit, i) => {
      if (bit === 1) bytes[i >> 3]! |= 128 >> (i & 7);
    });
    return bytes;
  }
}

class BitReader {
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  fixed(width: number): number {
    let value = 0;
    for (let i = 0; i < width; i++) {
      if (this.at >= this.bytes.length * 8) throw new UsageError('the token is cut off: paste all of it');
      value = value * 2 + ((this.bytes[this.at >> 3]! >> (7 - (this.at & 7))) & 1);
      this.at++;
    }
    return value;
  }

  number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 8) {
      const more = this.fixed(1);
      value += this.fixed(3) * scale;
      if (value > Number.MAX_SAFE_INTEGER) throw new UsageError('the token is garbled: a number in it is too large');
      if (more === 0) return value;
    }
  }

  /** A number of things to follow, each of at least one bit. */
  count(): number {
    const value = this.number();
    if (value > this.bytes.length * 8) throw new UsageError('the token is garbled or cut off: paste all of it');
    return value;
  }

  end(): void {
    if (this.bytes.length * 8 - this.at >= 8)
      throw new UsageError('the token is garbled: there is more behind its end');
    while (this.at < this.bytes.length * 8) {
      if (this.fixed(1) !== 0) throw new UsageError('the token is garbled: its last bits are not zero');
    }
  }
}
