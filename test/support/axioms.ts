/**
 * What a litmus test may show, by axioms and without any machine: every way in which reads take their values (rf) and writes to one
 * word follow each other (co) is tried, and kept when the relations that the model demands have no cycle. After Alglave, Maranget and
 * Tautschnig, "Herding cats" (TOPLAS 2014): SC asks that po ∪ rf ∪ co ∪ fr is acyclic, TSO and PSO that po-loc ∪ rf ∪ co ∪ fr is,
 * and ppo ∪ fences ∪ rfe ∪ co ∪ fr, where ppo is program order without W→R, and for PSO without W→W too.
 */
import type { Litmus } from './litmus.ts';

interface Access {
  readonly thread: number;
  readonly place: number;
  readonly write: boolean;
  readonly word: string;
  readonly value: number;
  /** Fences of its thread before it. */
  readonly fences: number;
}

export function outcomesByAxioms(litmus: Litmus, model: 'sc' | 'tso' | 'pso'): string[] {
  const accesses = accessesOf(litmus);
  const labels = new Set<string>();
  const words = [...new Set(accesses.map(({ word }) => word))];
  const orders = product(words.map((word) => permutations(accesses.filter((one) => one.write && one.word === word))));
  const reads = accesses.filter(({ write }) => !write);
  const sources = product(
    reads.map(({ word }) => [null, ...accesses.filter((one) => one.write && one.word === word)] as (Access | null)[]),
  );
  for (const order of orders) {
    for (const source of sources) {
      const from = new Map(reads.map((read, i) => [read, source[i]!]));
      if (isAllowed(accesses, order, from, model)) labels.add(labelOf(litmus, accesses, words, order, from));
    }
  }
  return [...labels].sort();
}

function accessesOf({ threads }: Litmus): Access[] {
  return threads.flatMap((instructions, thread) => {
    let fences = 0;
    return instructions.flatMap((instruction, place): Access[] => {
      if (instruction === 'F') {
        fences++;
        return [];
      }
      const write = instruction[0] === 'W';
      return [{ thread, place, write, word: instruction[1]!, value: Number(instruction.slice(2)), fences }];
    });
  });
}

function isAllowed(
  accesses: readonly Access[],
  order: readonly (readonly Access[])[],
  from: ReadonlyMap<Access, Access | null>,
  model: 'sc' | 'tso' | 'pso',
): boolean {
  const before = (one: Access, other: Access) => one.thread === other.thread && one.place < other.place;
  const coherence = (one: Access, other: Access) =>
    order.some((list) => list.includes(one) && list.indexOf(one) < list.indexOf(other));
  const communicates = (one: Access, other: Access, externally: boolean): boolean => {
    if (one.word !== other.word) return false;
    if (one.write && other.write) return coherence(one, other);
    if (one.write) return from.get(other) === one && !(externally && one.thread === other.thread);
    // From-read: what was read is older than the write.
    const read = from.get(one)!;
    return other.write && (read === null || (read !== other && coherence(read, other)));
  };
  const preserved = (one: Access, other: Access): boolean => {
    if (!before(one, other)) return false;
    if (one.fences !== other.fences || !one.write) return true;
    return other.write && model === 'tso';
  };
  if (model === 'sc') return isAcyclic(accesses, (a, b) => before(a, b) || communicates(a, b, false));
  return (
    isAcyclic(accesses, (a, b) => (before(a, b) && a.word === b.word) || communicates(a, b, false)) &&
    isAcyclic(accesses, (a, b) => preserved(a, b) || communicates(a, b, true))
  );
}

function isAcyclic(accesses: readonly Access[], follows: (one: Access, other: Access) => boolean): boolean {
  let left = [...accesses];
  for (;;) {
    const free = left.filter((one) => !left.some((other) => other !== one && follows(other, one)));
    if (free.length === 0) return left.length === 0;
    left = left.filter((one) => !free.includes(one));
  }
}

function labelOf(
  litmus: Litmus,
  accesses: readonly Access[],
  words: readonly string[],
  order: readonly (readonly Access[])[],
  from: ReadonlyMap<Access, Access | null>,
): string {
  const seen = litmus.threads.map((_, thread) =>
    accesses
      .filter((one) => one.thread === thread && !one.write)
      .map((read) => from.get(read)?.value ?? 0)
      .join(''),
  );
  const last = (litmus.last ?? []).map((word) => `${word}=${order[words.indexOf(word)]?.at(-1)?.value ?? 0}`);
  return [...seen.filter((label) => label !== ''), ...last].join(' ');
}

function permutations<T>(list: readonly T[]): T[][] {
  if (list.length === 0) return [[]];
  return list.flatMap((one, i) => permutations(list.filter((_, j) => j !== i)).map((rest) => [one, ...rest]));
}

const product = <T>(lists: readonly (readonly T[])[]): T[][] =>
  lists.reduce<T[][]>((rows, list) => rows.flatMap((row) => list.map((one) => [...row, one])), [[]]);
