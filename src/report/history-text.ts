/** The past of the page or object that a failure is about: a line a step, the latest last. */
import type { Failure, PastStep } from '../explore/results.ts';
import { type Colours, plain } from './colour.ts';
import { counted, fit, oneLine, widthOf } from './words.ts';

/** A page that is wired in a loop has a long past; what counts is its end. */
const mostLines = 12;

/** Empty where the failure is about no page and no object. */
export function historyText({ history = [] }: Failure, colours: Colours = plain): string {
  if (history.length === 0) return '';
  const first = history[0]!.step === null ? 1 : 0;
  const left = Math.max(0, history.length - mostLines);
  const shown = left === 0 ? history : [...history.slice(0, first), ...history.slice(first + left)];
  const whens = shown.map(({ step, thread }) => (step === null ? whenOf(thread) : `step ${step}`));
  const columns = [whens, shown.map(({ step, thread }) => (step === null ? '' : oneLine(thread ?? '')))];
  const [when, who] = columns.map((column) => Math.max(0, ...column.map(widthOf)));
  const lines = shown.map((line, i) => {
    const text = `${fit(whens[i]!, when!)}  ${fit(columns[1]![i]!, who!)}  ${oneLine(line.description)}`;
    return `    ${text.trimEnd()}${where(line, colours)}`;
  });
  if (left > 0) lines.splice(first, 0, `    … ${counted(left, 'earlier step')}`);
  return ['  What happened before:', ...lines].join('\n');
}

const whenOf = (thread: string | null): string => (thread === null ? 'after setup' : oneLine(thread));

function where({ file, line }: PastStep, colours: Colours): string {
  if (file === null) return '';
  return `  ${colours.cyan(line === null ? file : `${file}:${line}`)}`;
}
