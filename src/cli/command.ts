/** What a command is given, and what the command line needs to know of it. */
import type { MergedExploration } from '../explore/merge.ts';
import type { Worked } from '../explore/queue/worker.ts';
import type { Exploration, Histogram, Replay } from '../explore/results.ts';
import type { Colours } from '../report/colour.ts';
import type { CommandName } from './options.ts';

/** The part of wiredown's interface that the command line stands on. Tests put something in its place. */
export interface Library {
  explore(url: URL, options: Record<string, unknown>): Promise<Exploration | Exploration[]>;
  merge(url: URL, records: string[], options: Record<string, unknown>): Promise<MergedExploration>;
  replay(url: URL, token: string, options: Record<string, unknown>): Promise<Replay>;
  minimise(url: URL, token: string, options: Record<string, unknown>): Promise<Replay>;
  stress(url: URL, options: Record<string, unknown>): Promise<Histogram>;
  work(url: string, options: Record<string, unknown>): Promise<Worked>;
}

export interface Stream {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

/** The world outside: nothing below reads `process`. */
export interface Terminal {
  stdout: Stream;
  stderr: Stream;
  environment: Record<string, string | undefined>;
  /** What comes before FILE and TOKEN in the line that replays a failure. */
  replayCommand: string;
}

export interface Invocation {
  positionals: string[];
  options: Record<string, unknown>;
  json: boolean;
  terminal: Terminal;
  colours: Colours;
  /** Columns for text on stdout. */
  width: number;
  library: Library;
  /** Aborted by Ctrl-C, where the command says that it listens. */
  signal: AbortSignal;
}

export interface Command {
  name: CommandName;
  usage: string;
  summary: string;
  details: string;
  /** How many positional arguments: FILE, or FILE and TOKEN, or a URL. */
  takes: { least: number; most: number };
  /** On Ctrl-C it prints what it has and ends by itself; otherwise the process ends at once. */
  stopsBySignal: boolean;
  run(invocation: Invocation): Promise<number>;
}
