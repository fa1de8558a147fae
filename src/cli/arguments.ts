/** Reads a command's arguments by the table of options: positional arguments, and the options the library will get. */
import { parseArgs } from 'node:util';
import { UsageError } from '../machine/errors.ts';
import { type CommandName, type Option, options, optionsOf } from './options.ts';
import { didYouMean } from './suggest.ts';

export interface Arguments {
  positionals: string[];
  options: Record<string, unknown>;
  json: boolean;
  help: boolean;
}

export function readArguments(command: CommandName, args: string[]): Arguments {
  const known = optionsOf(command);
  const config = Object.fromEntries(
    known.map((one) => [
      one.flag.slice(2),
      { type: one.placeholder === null ? ('boolean' as const) : ('string' as const) },
    ]),
  );
  // Not strict: its messages speak of parseArgs, and hint at nothing.
  const { tokens } = parseArgs({
    args,
    options: { ...config, help: { type: 'boolean', short: 'h' } },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const result: Arguments = { positionals: [], options: {}, json: false, help: false };
  for (const token of tokens) {
    if (token.kind === 'positional') result.positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const option = known.find((one) => one.flag === `--${token.name}`) ?? refuseFlag(command, token.rawName, known);
    const value = readValue(option, token.value);
    if (option.key === 'json' || option.key === 'help') result[option.key] = true;
    // Given twice the last one counts, as everywhere; rules add up, because each names another one.
    else if (option.key === 'rules')
      result.options.rules = { ...(result.options.rules as object), ...(value as object) };
    else result.options[option.key] = value;
  }
  return result;
}

function readValue(option: Option, text: string | undefined): unknown {
  if (option.read === undefined) {
    if (text !== undefined)
      throw new UsageError(`${option.flag} takes no value, but was given ${JSON.stringify(text)}`);
    return option.value;
  }
  // parseArgs takes whatever comes next for the value.
  if (text === undefined || text.startsWith('--')) {
    throw new UsageError(`${option.flag} needs a value: ${option.flag} ${option.placeholder}`);
  }
  return option.read(text, option.flag);
}

function refuseFlag(command: CommandName, flag: string, known: Option[]): never {
  const elsewhere = options.find((one) => one.flag === flag);
  if (elsewhere !== undefined) {
    throw new UsageError(`${flag} is an option of ${elsewhere.commands.join(' and ')}, not of ${command}`);
  }
  const flags = known.map((one) => one.flag);
  throw new UsageError(`${command} has no option ${flag}${didYouMean(flag, flags)}`);
}
