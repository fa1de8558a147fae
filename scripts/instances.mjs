/**
 * Gives each simulated thread its own copy of the user's modules, so that a `let count` in a scenario is not shared memory by
 * accident, and makes `wiredown` mean the library that is running, wherever the scenario lies.
 *
 * A module loaded with `?wiredown-instance=N` hands the query on to everything it imports that is a file, except what lies in
 * node_modules and wiredown's own code. This is plain JavaScript because Node loads it as it is: `module.register` runs it on
 * a thread that knows no TypeScript.
 *
 * An instance whose name ends in `-yields` is the same with its thread functions compiled to generators (yielding.mjs), which is how
 * they are explored.
 *
 * CommonJS is cached by file name, whatever the query says. So the user's entries of that cache belong to one instance
 * at a time and are exchanged when another one is entered.
 */
import { readFileSync } from 'node:fs';
import Module from 'node:module';
import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isMainThread } from 'node:worker_threads';

const parameter = 'wiredown-instance';
const root = new URL('..', import.meta.url).href;
/** Only these: scripts/scenarios and the fixtures of the tests are users of the library. */
const ownCode = [
  'src/',
  'dist/',
  'workers/',
  'scripts/tsx-worker.mjs',
  'scripts/instances.mjs',
  'scripts/yielding',
].map((path) => root + path);

/** True for code that a simulated thread may not share with another one. */
const isInstanced = (href) =>
  href.startsWith('file:') &&
  !href.includes('/node_modules/') &&
  !/\.node(?:$|\?)/.test(href) &&
  !ownCode.some((prefix) => href.startsWith(prefix));

const typeScript = /\.(?:[cm]?ts|[tj]sx)(?:$|\?)/;
const needsTypeScript = 'WIREDOWN_NEEDS_TYPESCRIPT';

const instanceOf = (href) => {
  const query = href?.indexOf('?') ?? -1;
  return query < 0 ? null : new URLSearchParams(href.slice(query + 1)).get(parameter);
};

const withInstance = (href, instance) => {
  const url = new URL(href);
  url.searchParams.set(parameter, instance);
  return url.href;
};

/**
 * The URL before tsx made another of it: from Node 22 on it gives what it takes for CommonJS a name of its own, with the query in the
 * path. If it is CommonJS in truth, the mark goes on.
 */
const plainUrl = (href) => {
  const url = new URL(href);
  if (!url.searchParams.has(virtual)) return href;
  url.pathname = url.pathname.replace(/%3F.*$/i, '');
  if (writtenAsModule(url.href)) url.searchParams.delete(virtual);
  else return href;
  return url.href;
};
const virtual = 'tsx-commonjs-virtual-query';

/**
 * Whether a file is written as an ES module, asked about files that Node would take for CommonJS because no package.json says
 * otherwise. Most scenarios are such files; as CommonJS they would see a second copy of the library under tsx.
 */
const writtenAsModule = (href) => {
  let text;
  try {
    text = readFileSync(new URL(href), 'utf8');
  } catch {
    return false;
  }
  const code = text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  if (code.includes('import.meta')) return true;
  const module = /^\s*(?:import\b\s*[\w$*{"']|export\b\s*[\w$*{])/m;
  const commonJs =
    /\bmodule\.exports\b|(?<![.\w$])exports\.[\w$]+\s*=|(?<![.\w$])require\s*\(|\b__(?:dirname|filename)\b/;
  return module.test(code) && !commonJs.test(code);
};

/** DriverKit's classes of the same library. */
const driverkitOf = (library) => library.replace(/index\.(ts|js)$/, 'task/driverkit/index.$1');

/** The resolve hook, for both kinds of registration: with asynchronous hooks `next` returns a promise. */
const makeResolve = (library, hasTypeScript) => {
  const settle = (result, instance) => {
    if (instance === null || !isInstanced(result.url)) return result;
    if (!hasTypeScript && typeScript.test(result.url))
      throw Object.assign(new Error(result.url), { code: needsTypeScript });
    const url = withInstance(plainUrl(result.url), instance);
    const ambiguous = result.format !== 'module' && /\.(?:ts|tsx|js|jsx)$/.test(new URL(url).pathname);
    // Saying the format also keeps Node from warning about a missing "type" in the user's package.json.
    return ambiguous && writtenAsModule(url) ? { ...result, url, format: 'module' } : { ...result, url };
  };
  return (specifier, context, next) => {
    const isRequire = context.conditions?.includes('require') === true && !context.conditions.includes('import');
    if (isRequire) return next(specifier, context);
    if (specifier === 'wiredown') return { url: library, format: 'module', shortCircuit: true };
    if (specifier === 'wiredown/driverkit') return { url: driverkitOf(library), format: 'module', shortCircuit: true };
    const instance = instanceOf(specifier.startsWith('file:') ? specifier : null) ?? instanceOf(context.parentURL);
    const result = next(specifier, context);
    return typeof result?.then === 'function'
      ? result.then((resolved) => settle(resolved, instance))
      : settle(result, instance);
  };
};

/** Loaded when it is wanted: most workers compile nothing, and a parser takes time to load. */
let compileThreads = null;
const loadCompiler = async () => {
  compileThreads ??= (await import('./yielding.mjs')).compileThreads;
};

const isYielding = (instance) => instance?.endsWith('-yields') === true;

/** The load hook, for both kinds of registration: compiles what tsx, or Node, has made of a module. */
const load = (url, context, next) => {
  const result = next(url, context);
  if (!isYielding(instanceOf(url))) return result;
  return typeof result?.then === 'function'
    ? loadCompiler().then(async () => compiled(await result))
    : compiled(result);
};

const compiled = (result) => {
  if (result.format !== 'module' || !result.source) return result;
  const text = typeof result.source === 'string' ? result.source : new TextDecoder().decode(result.source);
  return { ...result, source: compileThreads(text) ?? text };
};

let resolveHook;
/** Called by Node on its hooks thread (`module.register`). */
export const initialize = ({ library, hasTypeScript }) => {
  resolveHook = makeResolve(library, hasTypeScript);
};
export const resolve = (specifier, context, next) => resolveHook(specifier, context, next);
export { load };

let registration = null;
let library = null;
let libraryExports = null;
let driverkitExports = null;
let hasTypeScript = false;

/**
 * Installs the hooks in this thread, once. `from` is `import.meta.url` of any module of the running library: it tells
 * whether scenarios get src/index.ts or dist/src/index.js.
 */
export function registerInstances(from) {
  registration ??= install(from);
  return registration;
}

async function install(from) {
  library = root + (String(from).startsWith(`${root}dist/`) ? 'dist/src/index.js' : 'src/index.ts');
  // From source tsx is at work already. A second one would compile everything twice.
  hasTypeScript = library.endsWith('.ts') || process.execArgv.some((argument) => /\btsx\b/.test(argument));
  if (library.endsWith('.ts') && !isMainThread) (await import('tsx/cjs/api')).register();
  installResolve();
  patchCommonJs();
  libraryExports = await import(library);
  driverkitExports = await import(driverkitOf(library));
}

/** Built code gets tsx when the first file needs it: loading it takes 200 ms, which a scenario in JavaScript need not pay. */
async function installTypeScript() {
  hasTypeScript = true;
  (await import('tsx/esm/api')).register();
  (await import('tsx/cjs/api')).register();
  installResolve();
}

let registered = null;
/**
 * Hooks registered last come first, and ours must see what tsx made of a specifier; so they go in again after tsx.
 * `module.register` is deprecated from Node 26 and the warning would reach the user; Node 20 has nothing else.
 */
function installResolve() {
  registered?.deregister();
  if (Module.registerHooks) registered = Module.registerHooks({ resolve: makeResolve(library, hasTypeScript), load });
  else Module.register(import.meta.url, { data: { library, hasTypeScript } });
}

/** The user's entries of the CommonJS cache, an instance each; those of the active one are in the cache itself. */
const parked = new Map();
/** Which instance a CommonJS module belongs to, for a `require` inside a function that runs later. */
const owners = new WeakMap();
let active = null;

function enter(instance) {
  const before = active;
  if (before === instance) return before;
  const leaving = new Map();
  for (const [file, module] of Object.entries(Module._cache)) {
    if (!isAbsolute(file) || !isInstanced(pathToFileURL(file).href)) continue;
    leaving.set(file, module);
    if (before !== null) owners.set(module, before);
    delete Module._cache[file];
  }
  parked.set(before, leaving);
  for (const [file, module] of parked.get(instance) ?? []) Module._cache[file] = module;
  active = instance;
  return before;
}

function patchCommonJs() {
  const load = Module._load;
  Module._load = function (request, parent, isMain) {
    if (request === 'wiredown') return libraryExports;
    if (request === 'wiredown/driverkit') return driverkitExports;
    const owner = parent ? owners.get(parent) : undefined;
    if (owner === undefined || owner === active) return load.call(this, request, parent, isMain);
    const before = enter(owner);
    try {
      return load.call(this, request, parent, isMain);
    } finally {
      enter(before);
    }
  };
}

/** Instances that began without tsx. Node remembers the failed imports, so their second attempt needs another name. */
const renamed = new Map();

async function importFile(file, instance) {
  if (isYielding(instance)) await loadCompiler();
  const href = withInstance(new URL(file).href, renamed.get(instance) ?? instance);
  if (!hasTypeScript && typeScript.test(href)) await installTypeScript();
  try {
    return await import(href);
  } catch (error) {
    // A JavaScript file that imports a TypeScript one.
    if (hasTypeScript || error?.code !== needsTypeScript) throw error;
    await installTypeScript();
    renamed.set(instance, `${instance}-typescript`);
    return importFile(file, instance);
  }
}

let queue = Promise.resolve();

/**
 * Imports a user's file for one simulated thread: the same file and instance give the same module, another instance a fresh
 * one. Needs `registerInstances` first. Imports run one after the other, because there is one CommonJS cache. What a
 * compiled CommonJS file put under `default` is found there.
 */
export function importInstance(file, instance) {
  const job = queue.then(async () => {
    const before = enter(String(instance));
    try {
      const module = await importFile(file, String(instance));
      const inner = module.default;
      return inner !== null && typeof inner === 'object' && inner.__esModule === true && 'default' in inner
        ? inner
        : module;
    } finally {
      enter(before);
    }
  });
  queue = job.catch(() => {});
  return job;
}

/** A URL, or a whole stack, without the mark of the instance: what a person should read. */
export const withoutInstance = (text) =>
  text.replace(new RegExp(`\\?${parameter}=[^&:)\\s]*(&)?|&${parameter}=[^&:)\\s]*`, 'g'), (_, more) =>
    more ? '?' : '',
  );
