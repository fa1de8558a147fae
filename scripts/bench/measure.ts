/** How figures are taken: several rounds, the two sides of a ratio in turn within each, and the medians of what they took. */

/** What one figure shows. */
export interface Figure {
  readonly name: string;
  /** What must be reached, in words. */
  readonly target: string;
  readonly value: string;
  readonly reached: boolean;
  /** The medians behind the value. */
  readonly behind: string;
}

export const rounds = 7;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

/** Nanoseconds that one of `times` calls of `body` takes, for each of `rounds` rounds, after a warm-up. */
export function perCall(times: number, body: () => void): number {
  body();
  const start = process.hrtime.bigint();
  for (let i = 0; i < times; i++) body();
  return Number(process.hrtime.bigint() - start) / times;
}

/** Medians of two sides measured in turn, so that a drift of the machine meets both. */
export function sideBySide(a: () => number, b: () => number): { a: number; b: number; ratio: number } {
  const as: number[] = [];
  const bs: number[] = [];
  const ratios: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const left = a();
    const right = b();
    as.push(left);
    bs.push(right);
    ratios.push(left / right);
  }
  return { a: median(as), b: median(bs), ratio: median(ratios) };
}

export async function sideBySideAsync(
  a: () => Promise<number>,
  b: () => Promise<number>,
  count = rounds,
): Promise<{ a: number; b: number; ratio: number }> {
  const as: number[] = [];
  const bs: number[] = [];
  const ratios: number[] = [];
  for (let i = 0; i < count; i++) {
    const left = await a();
    const right = await b();
    as.push(left);
    bs.push(right);
    ratios.push(left / right);
  }
  return { a: median(as), b: median(bs), ratio: median(ratios) };
}

export const thousands = (value: number): string => Math.round(value).toLocaleString('en');
