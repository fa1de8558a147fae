/** How figures are taken: several rounds, the two sides of a ratio in turn within each, and the medians of what they took. */
import { undisturbed } from './undisturbed.ts';

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

/** Nanoseconds that one of `times` calls of `body` takes. */
export function perCall(times: number, body: () => void): number {
  const start = process.hrtime.bigint();
  for (let i = 0; i < times; i++) body();
  return Number(process.hrtime.bigint() - start) / times;
}

/** Two sides measured in turn within each round, so that a drift of the machine meets both; medians of undisturbed rounds. */
export async function sideBySide(
  a: () => number | Promise<number>,
  b: () => number | Promise<number>,
  count = rounds * 3,
): Promise<{ a: number; b: number; ratio: number }> {
  const { quiet } = await undisturbed(count, async () => {
    const left = await a();
    const right = await b();
    return [left, right, left / right];
  });
  const [left, right, ratio] = quiet as [number, number, number];
  return { a: left, b: right, ratio };
}

/** Into so many slices `alternately` cuts a round. */
const slices = 20;

/** Nanoseconds a call of two bodies, which take turns within a round too: what comes and goes in milliseconds meets both. */
export async function alternately(
  times: number,
  a: () => void,
  b: () => void,
): Promise<{ a: number; b: number; ratio: number }> {
  const { quiet } = await undisturbed(rounds * 3, () => {
    let [left, right] = [0, 0];
    for (let slice = 0; slice < slices; slice++) {
      left += perCall(times / slices, a);
      right += perCall(times / slices, b);
    }
    return [left / slices, right / slices, left / right];
  });
  const [left, right, ratio] = quiet as [number, number, number];
  return { a: left, b: right, ratio };
}

export const thousands = (value: number): string => Math.round(value).toLocaleString('en');
