/**
 * The side-by-side picture of an interleaving: a column a thread, time downward, a line across where a thread was switched away
 * from although it could have gone on, and the sites of the failure numbered as in the list above the picture.
 */
import type { Replay, TraceStep } from '../explore/results.ts';
import { type Colours, plain } from './colour.ts';
import { pictureRows, type Row } from './picture-rows.ts';
import { counted, fit, oneLine, widthOf } from './words.ts';

const separator = ' │ ';
/** A column narrower than this says nothing; then the picture becomes a list. */
const narrowestColumn = 22;

interface Cell {
  text: string;
  /** Right-aligned: ':21', or 'helper.ts:7' in another file than most. */
  place: string;
}

/** What a picture is made of: a replay, or a failure of an exploration with its trace. */
export type Pictured = Pick<Replay, 'threads' | 'trace' | 'failure'>;

export function picture(replay: Pictured, width = 100, colours: Colours = plain): string {
  const rows = pictureRows(replay);
  if (rows.length === 0) return '(no step was taken)';
  const acting = new Set(replay.trace.map((step) => step.thread));
  const threads = replay.threads.filter((thread) => acting.has(thread));
  const mainFile = mostFrequentFile(replay.trace);
  const numberWidth = Math.max(4, String(replay.trace.at(-1)?.step ?? 0).length);
  const room = width - numberWidth - 2 - separator.length * (threads.length - 1);
  if (room < threads.length * narrowestColumn) return list(rows, width, numberWidth, mainFile, colours);
  const widths = columnWidths(rows, threads, room, mainFile);
  const number = (text: string): string => colours.dim(text.padStart(numberWidth));
  const join = (cells: string[]): string => cells.join(colours.dim(separator)).trimEnd();
  const ruler = '─'.repeat(numberWidth + 2) + widths.map((columnWidth) => '─'.repeat(columnWidth)).join('─┼─');
  const lines = [
    `${number('step')}  ${join(threads.map((thread, column) => colours.bold(fit(oneLine(thread), widths[column] ?? 0))))}`,
    colours.dim(ruler),
  ];
  for (const row of rows) {
    if (row.kind === 'switch') {
      lines.push(colours.yellow(switchLine(row, widthOf(ruler))));
      continue;
    }
    const cells = threads.map((thread, column) => {
      const columnWidth = widths[column] ?? 0;
      const cell = cellOf(row, thread, mainFile);
      return cell === null ? ' '.repeat(columnWidth) : paint(row, layOut(cell, columnWidth), colours);
    });
    lines.push(`${number(row.kind === 'step' ? String(row.step.step) : '⋮')}  ${join(cells)}`);
  }
  return lines.join('\n');
}

/** For more threads than fit side by side. */
function list(rows: Row[], width: number, numberWidth: number, mainFile: string | null, colours: Colours): string {
  const lines = rows.map((row) => {
    if (row.kind === 'switch') return colours.yellow(switchLine(row, width));
    const thread = row.kind === 'step' ? row.step.thread : row.threads.join(', ');
    const cell = cellOf(row, row.kind === 'step' ? row.step.thread : (row.threads[0] ?? ''), mainFile);
    const number = row.kind === 'step' ? String(row.step.step) : '⋮';
    const text = layOut(
      { text: `${oneLine(thread)}: ${cell?.text ?? ''}`, place: cell?.place ?? '' },
      width - numberWidth - 2,
    );
    return `${colours.dim(number.padStart(numberWidth))}  ${paint(row, text, colours).trimEnd()}`;
  });
  return lines.join('\n');
}

function cellOf(row: Row, thread: string, mainFile: string | null): Cell | null {
  if (row.kind === 'switch') return null;
  if (row.kind === 'fold') {
    if (!row.threads.includes(thread)) return null;
    if (row.threads[0] !== thread) return { text: '⋮', place: '' };
    const switches = row.switches > 0 ? `, ${counted(row.switches, 'switch', 'switches')}` : '';
    return { text: `⋮ ${counted(row.steps, 'more step')}${switches}`, place: '' };
  }
  if (row.step.thread !== thread) return null;
  const mark = row.site === null ? '' : `▸${row.site} `;
  return { text: mark + oneLine(row.step.description), place: placeOf(row.step, mainFile) };
}

function placeOf(step: TraceStep, mainFile: string | null): string {
  if (step.file === null || step.line === null) return '';
  return step.file === mainFile ? `:${step.line}` : `${step.file.split(/[\\/]/).at(-1)}:${step.line}`;
}

function layOut(cell: Cell, width: number): string {
  const placeWidth = widthOf(cell.place);
  // The text is what is read first: a place that leaves it too little room is dropped.
  const textWidth = width - placeWidth - 1;
  const isTooNarrow = textWidth < widthOf(cell.text) && textWidth < narrowestColumn / 2;
  if (placeWidth === 0 || isTooNarrow) return fit(cell.text, width);
  return `${fit(cell.text, textWidth)} ${cell.place}`;
}

function paint(row: Row, text: string, colours: Colours): string {
  if (row.kind === 'fold') return colours.dim(text);
  return row.kind === 'step' && row.site !== null ? colours.bold(colours.red(text)) : text;
}

function switchLine(row: Extract<Row, { kind: 'switch' }>, width: number): string {
  const text = `── switch to ${oneLine(row.to)} (${oneLine(row.from)} could have gone on) `;
  return fit(text + '─'.repeat(Math.max(0, width - widthOf(text))), width);
}

/** Each column as wide as its content where that fits; otherwise the widest give way first. */
function columnWidths(rows: Row[], threads: string[], room: number, mainFile: string | null): number[] {
  const widths = threads.map((thread) => {
    const cells = rows.map((row) => cellOf(row, thread, mainFile)).filter((cell) => cell !== null);
    const contents = cells.map((cell) => widthOf(cell.text) + (cell.place === '' ? 0 : widthOf(cell.place) + 2));
    return Math.max(narrowestColumn, widthOf(thread), ...contents);
  });
  let excess = widths.reduce((sum, columnWidth) => sum + columnWidth, 0) - room;
  while (excess > 0) {
    const widest = widths.indexOf(Math.max(...widths));
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess--;
  }
  return widths;
}

function mostFrequentFile(trace: TraceStep[]): string | null {
  const counts = new Map<string, number>();
  for (const { file } of trace) if (file !== null) counts.set(file, (counts.get(file) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? null;
}
