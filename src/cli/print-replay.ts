/** What `replay` and `minimise` print: the failure with its picture, or that there was none. */
import type { Replay } from '../explore/results.ts';
import { failureText, noteText } from '../report/failure-text.ts';
import { picture } from '../report/picture.ts';
import { oneLine } from '../report/words.ts';
import type { Invocation } from './command.ts';
import { replayFlags } from './replay-options.ts';

export function printReplay(invocation: Invocation, file: string, replay: Replay): void {
  const { terminal, json, colours, width, options } = invocation;
  if (json) {
    terminal.stdout.write(`${JSON.stringify(replay, null, 2)}\n`);
    return;
  }
  const carrier = replay.carrier === 'threads' ? 'on real worker threads' : 'inline';
  const header =
    `${colours.bold(oneLine(replay.scenario))}\n  replayed ${carrier}, trace hash ${replay.traceHash}\n` +
    (replay.parted === null
      ? ''
      : `  ${colours.yellow('the token no longer fits')}: ${replay.parted}; went on as near to it as possible\n`);
  const others = replay.others
    .map((other) => `${colours.red(`✗ ${other.rule}`)}: ${oneLine(other.message)}\n`)
    .join('');
  const notes = replay.notes.map((note) => `${noteText(note, colours)}\n`).join('');
  const scenario = typeof options.scenario === 'string' ? options.scenario : undefined;
  const { replayCommand } = terminal;
  const flags = replayFlags(invocation, scenario);
  const body =
    replay.failure === null
      ? `${picture(replay, width, colours)}\n\n${colours.green('No failure')}${replay.outcome === null ? '' : `, outcome ${oneLine(replay.outcome)}`}.\n`
      : failureText(replay.failure, { file, replayCommand, flags, executions: null, replay, width, colours });
  terminal.stdout.write([header, body, others, notes].filter((part) => part !== '').join('\n'));
}
