/** Help texts, made from the tables of commands and options. */
import type { Command } from './command.ts';
import { optionsOf } from './options.ts';

export function generalHelp(commands: Command[]): string {
  const width = Math.max(...commands.map((command) => command.usage.length));
  return `wiredown finds race conditions in code that shares memory the way IOMemoryDescriptor does, and replays them.

Usage: wiredown COMMAND …

${commands.map((command) => `  ${command.usage.padEnd(width)}  ${command.summary}`).join('\n')}

  wiredown COMMAND --help says more about one; wiredown --version prints the version.

${exitStatus}`;
}

export function commandHelp(command: Command): string {
  const rows = optionsOf(command.name).map((one) => ({
    left: one.placeholder === null ? one.flag : `${one.flag} ${one.placeholder}`,
    help: one.help,
  }));
  const width = Math.max(...rows.map((row) => row.left.length));
  return `Usage: wiredown ${command.usage} [OPTIONS]

${command.summary}
${command.details}

${rows.map((row) => `  ${row.left.padEnd(width)}  ${row.help}`).join('\n')}

${exitStatus}`;
}

const exitStatus = `Exit status: 0 nothing found, 1 something found, 2 wrong usage, 3 the scenario cannot be loaded, is not deterministic
or does not fit the token, 70 a fault of wiredown itself, 130 after Ctrl-C.
`;
