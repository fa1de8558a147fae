/** How numbers, durations, places and cells are written, so that every report writes them alike. */
import type { Site } from '../explore/results.ts';

/** 12345 → '12,345', in every locale: reports are compared and quoted. */
export const count = (value: number): string => value.toLocaleString('en-US');

/** '1 execution' or '7 executions'. */
export const counted = (value: number, word: string, plural = `${word}s`): string =>
  `${count(value)} ${value === 1 ? word : plural}`;

/** Milliseconds as '850 ms', '2.1 s' or '3 min 20 s'. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** A probability: '37 %', '0.4 %', '2e-9'. */
export function part(probability: number): string {
  if (probability === 0 || probability >= 0.1) return `${Math.round(probability * 100)} %`;
  if (probability >= 0.0001) return `${Number((probability * 100).toPrecision(1))} %`;
  return probability.toExponential(0);
}

export function place(site: Pick<Site, 'file' | 'line' | 'column'>): string {
  if (site.file === null) return '';
  if (site.line === null) return site.file;
  return site.column === null ? `${site.file}:${site.line}` : `${site.file}:${site.line}:${site.column}`;
}

/** Characters, not UTF-16 units. */
export const widthOf = (text: string): number => [...text].length;

/** One printable line: a user's string may hold anything, and an escape code would spoil the terminal. */
export const oneLine = (text: string): string => text.replace(/\s*[\r\n]+\s*/g, ' ').replace(/\p{Cc}/gu, '·');

/** Exactly `width` characters: filled with blanks, or cut with an ellipsis. */
export function fit(text: string, width: number): string {
  const characters = [...text];
  if (characters.length <= width) return text + ' '.repeat(width - characters.length);
  return width < 1 ? '' : `${characters.slice(0, width - 1).join('')}…`;
}

/** An argument as a POSIX shell wants it: the line is there to be pasted. */
export const quoted = (argument: string): string =>
  /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
