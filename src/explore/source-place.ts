/** Where in the user's source the running operation was called. Taken on replay only: a stack costs more than an execution. */
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../machine/packaging.ts';

export interface SourcePlace {
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
}

const nowhere: SourcePlace = { file: null, line: null, column: null };
const root = fileURLToPath(packageRoot);
const ownFolders = ['src/', 'dist/', 'workers/', 'node_modules/'].map((folder) => root + folder);

/** The innermost stack frame that is not wiredown's own. */
export function sourcePlace(): SourcePlace {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 40;
  const lines = (new Error().stack ?? '').split('\n').slice(1);
  Error.stackTraceLimit = limit;
  for (const line of lines) {
    const match = /\(?((?:file:\/\/)?\/[^()]*?):(\d+):(\d+)\)?$/.exec(line.trim());
    if (match === null) continue;
    const path = pathOf(match[1]!);
    if (ownFolders.some((folder) => path.startsWith(folder))) continue;
    return { file: relative(process.cwd(), path), line: Number(match[2]), column: Number(match[3]) };
  }
  return nowhere;
}

function pathOf(text: string): string {
  const bare = text.replace(/\?.*$/, '');
  return bare.startsWith('file:') ? fileURLToPath(bare) : bare;
}
