#!/usr/bin/env node
/** The `wiredown` command. */
import { loadLibrary, processTerminal, runToEnd } from './process.ts';
import { run } from './run.ts';

const terminal = processTerminal('npx wiredown replay');
runToEnd(run(process.argv.slice(2), terminal, loadLibrary), terminal);
