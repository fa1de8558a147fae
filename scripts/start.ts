/**
 * `npm start`: the shortest way to see what wiredown does. Explores the double fetch and ends well when the race was found and
 * confirmed on real worker threads. `npm start -- FILE …` explores the user's own scenarios, and `npm start -- replay FILE TOKEN`
 * is the command line from source, so that the printed line works on a clone that was never built.
 */
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exploreFiles } from '../src/cli/commands/explore.ts';
import { ExitCode } from '../src/cli/exit-code.ts';
import { Interruption } from '../src/cli/interruption.ts';
import { loadLibrary, processTerminal, runToEnd } from '../src/cli/process.ts';
import { commands, explain, invocationOf, run } from '../src/cli/run.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const example = fileURLToPath(new URL('scenarios/double-fetch.ts', import.meta.url));
// npm runs scripts in the root of the package; paths on the command line are meant from where the user stands.
process.chdir(process.env.INIT_CWD ?? process.cwd());
const isInside = !relative(root, process.cwd()).startsWith('..');
const npmStart = isInside ? 'npm start --' : `npm --prefix ${relative(process.cwd(), resolve(root))} start --`;
const terminal = processTerminal(`${npmStart} replay`);

async function showExample(): Promise<number> {
  const interruption = new Interruption(terminal.stderr, true);
  const read = { positionals: [relative(process.cwd(), example)], options: { stopAtFirst: true }, json: false };
  try {
    const found = await exploreFiles(await invocationOf(read, terminal, interruption.signal, loadLibrary));
    if (interruption.signal.aborted) return ExitCode.Interrupted;
    const isShown = found.some(({ failures }) => failures.some((failure) => failure.confirmed === true));
    if (isShown) return 0;
    terminal.stderr.write(
      'wiredown: the race of this example should have been found and confirmed on threads, and was not\n',
    );
    return 1;
  } catch (error) {
    return explain(error, terminal);
  } finally {
    interruption.end();
  }
}

const args = process.argv.slice(2);
const [first] = args;
const isCommand = ['help', '--help', '-h', '--version', ...commands.map((command) => command.name)].includes(
  first ?? '',
);
if (first === undefined) runToEnd(showExample(), terminal);
else runToEnd(run(isCommand ? args : ['explore', ...args], terminal, loadLibrary), terminal);
