/** A failure as a person wants to read it: what broke, where, in which order, how sure it is, and the line that replays it. */
import type { Failure, Replay, TraceStep } from '../explore/results.ts';
import { type Colours, plain } from './colour.ts';
import { historyText } from './history-text.ts';
import { type Pictured, picture } from './picture.ts';
import { count, counted, fit, oneLine, place, quoted, widthOf } from './words.ts';

export interface FailureContext {
  /** The scenario file, as the user can type it. */
  file: string;
  /** What precedes FILE and TOKEN in the line to paste: 'npx wiredown replay'. */
  replayCommand: string;
  /** Ends that line, as ['--scenario', 'lost update']. */
  flags?: string[];
  /** Executions in all; null where there was no exploration. */
  executions: number | null;
  /** The failing run, for the picture; null prints none. */
  replay: (Pictured & Partial<Pick<Replay, 'logs'>>) | null;
  width?: number;
  colours?: Colours;
}

export function failureText(failure: Failure, context: FailureContext): string {
  const colours = context.colours ?? plain;
  const width = context.width ?? 100;
  const parts = [
    `${colours.bold(colours.red(`✗ ${failure.rule}`))}: ${colours.bold(failure.message.trim())}`,
    siteLines(failure, width, colours).join('\n'),
    failure.missing === undefined ? '' : `  Missing: ${failure.missing}.`,
    historyText(failure, colours),
    explanationLine(failure, colours),
  ];
  if (context.replay !== null) parts.push(picture(context.replay, width, colours));
  const logs = context.replay?.logs ?? [];
  if (logs.length > 0)
    parts.push(logs.map(({ thread, text }) => `  log of ${oneLine(thread)}: ${oneLine(text)}`).join('\n'));
  parts.push(`${historyLine(failure, context.executions)}\n${confirmationLine(failure, colours)}`);
  parts.push(`  Replay it:  ${colours.cyan(replayLine(failure.token, context))}`);
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** The line to paste. */
function replayLine(token: string, { file, replayCommand, flags = [] }: FailureContext): string {
  return [replayCommand, ...[file, token, ...flags].map(quoted)].join(' ');
}

/** A note in one line: nothing failed, so it gets no picture. */
export function noteText(note: Failure, colours: Colours = plain): string {
  const places = [...new Set(note.sites.map(place).filter((where) => where !== ''))].join(', ');
  const often = note.occurrences > 1 ? ` (${counted(note.occurrences, 'execution')})` : '';
  return `${colours.yellow(`note: ${note.rule}`)}: ${oneLine(note.message)}${places === '' ? '' : ` at ${places}`}${often}`;
}

/** Aligned columns; the place comes last, so that a long path stays whole and terminals can link it. */
function siteLines(failure: Failure, width: number, colours: Colours): string[] {
  const sites = failure.sites.map(
    (site) => [oneLine(site.role), oneLine(site.thread), oneLine(site.description)] as const,
  );
  const columns = [0, 1, 2].map((column) => Math.max(0, ...sites.map((site) => widthOf(site[column] ?? ''))));
  const [role = 0, thread = 0, description = 0] = columns;
  const longestDescription = Math.max(20, Math.min(description, width - role - thread - 40));
  return failure.sites.map((site, index) => {
    const [siteRole, siteThread, what] = sites[index] ?? ['', '', ''];
    const number = colours.red(`▸${index + 1}`);
    const text = `${fit(siteRole, role)}  ${fit(siteThread, thread)}  ${fit(what, Math.min(description, longestDescription))}`;
    return `  ${number} ${text}  ${colours.cyan(place(site))}`.trimEnd();
  });
}

/** Which order of steps it takes, as 'It vanishes when b store32(…) (x.ts:8) comes before a load32(…) (x.ts:7).' */
function explanationLine({ explanation = [] }: Failure, colours: Colours): string {
  if (explanation.length === 0) return '';
  const told = ({ thread, description, file, line }: TraceStep): string => {
    const where = place({ file, line, column: null });
    return `${oneLine(thread)} ${oneLine(description)}${where === '' ? '' : ` ${colours.cyan(`(${where})`)}`}`;
  };
  const flips = explanation.map(({ first, second }) => `${told(second)} comes before ${told(first)}`);
  return `  It vanishes when ${flips.join(', and ')}.`;
}

function historyLine(failure: Failure, executions: number | null): string {
  const size = `${counted(failure.steps, 'step')} and ${counted(failure.preemptions, 'preemption')}`;
  if (executions === null) return `  The schedule has ${size}.`;
  const by = failure.foundBy === undefined ? '' : ` by ${failure.foundBy}`;
  const first = failure.execution === null ? `Found${by}` : `Found first in execution ${count(failure.execution)}${by}`;
  return `  ${first}; ${count(failure.occurrences)} of ${counted(executions, 'execution')} showed it. Minimised to ${size}.`;
}

function confirmationLine(failure: Failure, colours: Colours): string {
  const hash = `trace hash ${failure.traceHash}`;
  if (failure.confirmed === null) return `  Not tried on worker threads; ${hash}.`;
  return failure.confirmed
    ? `  ${colours.green('Confirmed on real worker threads')}: the same schedule gave the same trace, hash ${failure.traceHash}.`
    : `  ${colours.red('Not confirmed on real worker threads')}: there the same schedule gave another trace; inline ${hash}.`;
}
