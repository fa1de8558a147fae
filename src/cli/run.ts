/** From arguments to exit status: picks the command, reads its arguments, runs it, and says in one line what went wrong. */
import { UsageError } from '../machine/errors.ts';
import { version } from '../machine/packaging.ts';
import { coloursFor } from '../report/colour.ts';
import { readArguments } from './arguments.ts';
import type { Command, Invocation, Library, Terminal } from './command.ts';
import { explore } from './commands/explore.ts';
import { merge } from './commands/merge.ts';
import { minimise } from './commands/minimise.ts';
import { replay } from './commands/replay.ts';
import { stress } from './commands/stress.ts';
import { worker } from './commands/worker.ts';
import { ExitCode, exitCodeOfError } from './exit-code.ts';
import { commandHelp, generalHelp } from './help.ts';
import { Interruption } from './interruption.ts';
import { didYouMean } from './suggest.ts';

export const commands: Command[] = [explore, merge, replay, minimise, stress, worker];

const defaultWidth = 100;

/** Never throws. `loadLibrary` is called when a command really runs, so that help and mistakes answer at once. */
export async function run(args: string[], terminal: Terminal, loadLibrary: () => Promise<Library>): Promise<number> {
  const [word, ...rest] = args;
  try {
    if (word === '--version') {
      terminal.stdout.write(`${version()}\n`);
      return ExitCode.NothingFound;
    }
    if (word === '--help' || word === '-h' || word === 'help') {
      const [topic] = rest;
      terminal.stdout.write(topic === undefined ? generalHelp(commands) : commandHelp(commandNamed(topic)));
      return ExitCode.NothingFound;
    }
    if (word === undefined) throw new UsageError('no command given, see wiredown --help');
    return await runCommand(commandNamed(word), rest, terminal, loadLibrary);
  } catch (error) {
    return explain(error, terminal);
  }
}

async function runCommand(
  command: Command,
  args: string[],
  terminal: Terminal,
  loadLibrary: () => Promise<Library>,
): Promise<number> {
  const { help, ...read } = readArguments(command.name, args);
  if (help) {
    terminal.stdout.write(commandHelp(command));
    return ExitCode.NothingFound;
  }
  checkCount(command, read.positionals);
  const interruption = new Interruption(terminal.stderr, command.stopsBySignal);
  try {
    return await command.run(await invocationOf(read, terminal, interruption.signal, loadLibrary));
  } finally {
    interruption.end();
  }
}

export async function invocationOf(
  read: Pick<Invocation, 'positionals' | 'options' | 'json'>,
  terminal: Terminal,
  signal: AbortSignal,
  loadLibrary: () => Promise<Library>,
): Promise<Invocation> {
  const colours = coloursFor(terminal.stdout, terminal.environment);
  const width = terminal.stdout.columns ?? defaultWidth;
  return { ...read, terminal, colours, width, signal, library: await loadLibrary() };
}

function commandNamed(word: string): Command {
  const command = commands.find((one) => one.name === word);
  if (command !== undefined) return command;
  const names = commands.map((one) => one.name);
  const kind = word.startsWith('-') ? 'an option, but a command comes first' : 'no command';
  throw new UsageError(`${word} is ${kind}${didYouMean(word, names) || `, expected ${names.join(', ')}`}`);
}

function checkCount(command: Command, positionals: string[]): void {
  const usage = `usage: wiredown ${command.usage}`;
  if (positionals.length < command.takes.least) {
    const missing = command.usage.split(' ')[1 + positionals.length];
    throw new UsageError(`${missing} is missing, ${usage}`);
  }
  if (positionals.length > command.takes.most) {
    throw new UsageError(`${JSON.stringify(positionals[command.takes.most])} is one argument too many, ${usage}`);
  }
}

/** One line, except for a fault of our own: there the stack is what helps. */
export function explain(error: unknown, terminal: Pick<Terminal, 'stderr'>): number {
  const code = exitCodeOfError(error);
  const message = error instanceof Error ? error.message : String(error);
  if (code !== ExitCode.Fault) terminal.stderr.write(`wiredown: ${message}\n`);
  else {
    const stack = error instanceof Error ? (error.stack ?? message) : message;
    terminal.stderr.write(
      `wiredown: a fault of wiredown itself. Please report it, with the scenario and these lines:\n${stack}\n`,
    );
  }
  return code;
}
