/** Outcomes and how often each occurred: bars for people, the most frequent first. */
import type { Histogram } from '../explore/results.ts';
import { type Colours, plain } from './colour.ts';
import { count, counted, duration, fit, oneLine, widthOf } from './words.ts';

const longestBar = 30;
const mostOutcomes = 20;

/** Lines without indentation; none where the scenario labels no outcomes. */
export function outcomeLines(
  outcomes: Record<string, number>,
  unobserved: string[],
  colours: Colours = plain,
): string[] {
  const sorted = Object.entries(outcomes).sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  const shown = sorted.slice(0, mostOutcomes);
  const most = shown[0]?.[1] ?? 0;
  const labelWidth = Math.min(40, Math.max(0, ...shown.map(([label]) => widthOf(oneLine(label)))));
  const countWidth = count(most).length;
  const lines = shown.map(([label, times]) => {
    // A bar of nothing would hide what is rare, which is what people look for.
    const bar = '█'.repeat(Math.max(1, Math.round((times / most) * longestBar)));
    return `${fit(oneLine(label), labelWidth)}  ${count(times).padStart(countWidth)}  ${colours.cyan(bar)}`;
  });
  const rest = sorted.slice(mostOutcomes);
  if (rest.length > 0) {
    const times = rest.reduce((sum, [, one]) => sum + one, 0);
    lines.push(colours.dim(`and ${counted(rest.length, 'more label')}, ${counted(times, 'time')} together`));
  }
  if (unobserved.length > 0)
    lines.push(colours.yellow(`allowed but never seen: ${unobserved.map(oneLine).join(', ')}`));
  return lines;
}

/** What free-running threads did. */
export function histogramText(histogram: Histogram, colours: Colours = plain): string {
  const { iterations, elapsed, iterationsPerSecond, failures } = histogram;
  const lines = [
    colours.bold(oneLine(histogram.scenario)),
    `  ${counted(iterations, 'iteration')} on free-running threads in ${duration(elapsed)}, ${count(Math.round(iterationsPerSecond))} a second` +
      (histogram.interrupted ? ', interrupted' : ''),
  ];
  const outcomes = outcomeLines(histogram.outcomes, histogram.unobserved, colours);
  if (outcomes.length > 0) lines.push('', '  outcomes', ...outcomes.map((line) => `    ${line}`));
  lines.push('');
  if (failures.length === 0)
    lines.push(
      `  ${colours.green('No failure.')} Free-running threads show only what the hardware happened to do: explore to be sure.`,
    );
  for (const { rule, message, thread, occurrences } of failures) {
    const where = thread === null ? '' : ` in ${oneLine(thread)}`;
    lines.push(`  ${colours.red(`✗ ${rule}`)}${where}, ${counted(occurrences, 'time')}: ${oneLine(message)}`);
  }
  return `${lines.join('\n')}\n`;
}
