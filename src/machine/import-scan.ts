/**
 * Whether Node by itself loads a user's file exactly as our loader hook would, in a JavaScript thread that loads it once: plain ES
 * modules that import each other, modules of Node, and the very library that is running.
 *
 * On Node 20 a hook costs a thread of its own, more than everything else in a task's start. So the files are read first, and only
 * where they say for certain that the hook has nothing to do is it left out: whatever is not understood here needs it.
 */
import { readFileSync, realpathSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** More files than this are left to the hook: reading them would cost what it saves. */
const mostFiles = 32;

/** Modules of Node through which code reaches further modules without naming them. */
const loaders = new Set(['module', 'node:module', 'vm', 'node:vm', 'repl', 'node:repl']);

/** @param library URL of the library that `wiredown` has to mean */
export function needsNoHook(url: string, library: string): boolean {
  const files = new Set<string>();
  const follow = (from: URL | string, specifier = ''): void => {
    files.add(realpathSync(fileURLToPath(new URL(specifier, from))));
  };
  try {
    follow(url);
    for (const file of files) {
      if (files.size > mostFiles || !isModule(file)) return false;
      const specifiers = specifiersIn(readFileSync(file, 'utf8'));
      if (specifiers === null) return false;
      for (const specifier of specifiers) {
        if (/^\.{0,2}\/|^file:/.test(specifier)) follow(pathToFileURL(file), specifier);
        else if (!isHarmless(specifier, file, library)) return false;
      }
    }
    return true;
  } catch {
    // A file that is not there, or no package: whoever loads it says so.
    return false;
  }
}

function isHarmless(specifier: string, file: string, library: string): boolean {
  if (specifier === 'wiredown') return pathToFileURL(createRequire(file).resolve(specifier)).href === library;
  return isBuiltin(specifier) && !loaders.has(specifier);
}

/** As Node decides it, for names that say so and for packages that say so. */
function isModule(file: string): boolean {
  if (extname(file) !== '.js') return extname(file) === '.mjs';
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    let text: string;
    try {
      text = readFileSync(join(folder, 'package.json'), 'utf8');
    } catch {
      continue;
    }
    return (JSON.parse(text) as { type?: unknown }).type === 'module';
  }
  return false;
}

const literal = /\s*(?:'([^'\\\n]*)'|"([^"\\\n]*)")/y;
const call = /\s*\(\s*(?:'([^'\\\n]*)'|"([^"\\\n]*)")\s*[,)]/y;
/** What stands between `import` and a `from` that is looked at by itself; and `import.meta`, which loads nothing. */
const clause = /[\w$\s{},*]+?\bfrom\s*(?=['"])|\s*\.\s*meta\b/y;
const comment = /\s*\//y;

/**
 * Every specifier in the text of a module, and some that only look so; null when there may be others. A module reaches another one
 * only by the word `import`, which cannot be written in any other way, or by `export … from`.
 */
function specifiersIn(text: string): string[] | null {
  const found: string[] = [];
  const take = (pattern: RegExp, at: number): boolean => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    const specifier = match?.[1] ?? match?.[2];
    if (specifier !== undefined) found.push(specifier);
    return match !== null;
  };
  if (text.includes('getBuiltinModule')) return null;
  for (const { index } of text.matchAll(/\bimport\b/g)) {
    if (!take(clause, index + 6) && !take(literal, index + 6) && !take(call, index + 6)) return null;
  }
  for (const { index } of text.matchAll(/\bfrom\b/g)) {
    // `from` is a word like any other too; a comment behind it might hide what follows.
    if (!take(literal, index + 4) && take(comment, index + 4)) return null;
  }
  return found;
}
