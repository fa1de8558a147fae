/**
 * Finds what `yielding.mjs` may compile in a module: functions that are certainly run as (part of) a simulated thread, with their
 * operations and the calls between them. Names are resolved only where a name is declared once, which needs no scopes.
 */
import { parse } from 'acorn';

/** Operations of a task: what they are called on it, and whether they have a result. */
const operations = new Map([
  ...['load8', 'load16', 'load32', 'load64'].map((name) => [name, { method: `$${name}`, hasValue: true }]),
  ...['store8', 'store16', 'store32', 'store64', 'yield'].map((name) => [
    name,
    { method: `$${name}`, hasValue: false },
  ]),
  ['spinHint', { method: '$yield', hasValue: false }],
]);
const atomics = new Map(
  ['load', 'store', 'add', 'sub', 'and', 'or', 'xor', 'exchange', 'compareExchange'].map((name) => [
    name,
    { method: `$atomic${name[0].toUpperCase()}${name.slice(1)}`, hasValue: true },
  ]),
);

/**
 * Methods that may be one kernel call: of a task, or of the object of a handle. Whether they are, the object decides at run time
 * (src/machine/single-calls.ts has the same names).
 */
export const callNames = new Set([
  ...['lock', 'tryLock', 'unlock', 'lockRead', 'lockWrite', 'haveLock', 'sleepDeadline', 'wakeup', 'free'],
  ...['sleep', 'now', 'send', 'receive', 'waitInterrupt', 'stopDevice'],
  ...['allocate', 'deallocate', 'protect', 'prepare', 'complete', 'retain', 'release'],
]);

/** Functions of the library that take thread functions → which argument that is. */
const takers = new Map([
  ['threads', 1],
  ['daemon', 0],
  ['kernelMode', 0],
]);

const functionTypes = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);
const isFunction = (node) => functionTypes.has(node?.type);
export const isStatement = (node) => node.type === 'ExpressionStatement';

/**
 * The functions to compile, each with `sites` (operations) and `delegations` (calls of others of them), outer nodes before inner
 * ones; null for what is no JavaScript module.
 */
export function analyse(text) {
  let program;
  try {
    program = parse(text, { ecmaVersion: 'latest', sourceType: 'module' });
  } catch {
    return null;
  }
  const module = new Survey();
  module.visit(program, null, module.top, null);
  return choose(module);
}

/** One function, with all that was seen directly in it, and the names that it or a function in it declares or assigns. */
class Seen {
  calls = [];
  declared = new Map();
  assigned = new Set();
  /** It (or an arrow in it) uses `this`, `super`, `arguments` or `new.target`, which a generator would not inherit. */
  inherits = false;
  entry = false;
  name = null;

  constructor(node, parent, outer) {
    this.node = node;
    this.parent = parent;
    this.outer = outer;
  }

  count(names, name) {
    for (let seen = this; seen !== null; seen = seen.outer) seen[names].set(name, (seen[names].get(name) ?? 0) + 1);
  }
}

/** A walk over the module that notes functions, declarations, references and calls. */
class Survey {
  top = new Seen(null, null, null);
  functions = new Map();
  /** Name → how often it is declared, and the function that it stands for where there is one. */
  named = new Map();
  /** Name → the places where it is used: what for, and in which function. */
  references = new Map();
  /** What was imported from the library: local name → its own. */
  imported = new Map();

  visit(node, parent, within, statement) {
    switch (node.type) {
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        return this.visitFunction(node, parent, within);
      case 'VariableDeclarator':
        this.bind(node.id, within);
        if (node.init === null) return;
        if (parent.kind === 'const' && node.id.type === 'Identifier') this.name(node.id.name, unnamed(node.init));
        return this.visit(node.init, node, within, null);
      case 'ClassDeclaration':
      case 'ClassExpression':
        if (node.id) this.declare(node.id.name, within);
        if (node.superClass) this.visit(node.superClass, node, within, null);
        return this.visit(node.body, node, new Seen(node, parent, within), null);
      case 'CatchClause':
        if (node.param) this.bind(node.param, within);
        return this.visit(node.body, node, within, null);
      case 'ImportDeclaration':
        for (const specifier of node.specifiers) {
          this.declare(specifier.local.name, within);
          if (node.source.value === 'wiredown' && specifier.imported?.name)
            this.imported.set(specifier.local.name, specifier.imported.name);
        }
        return;
      case 'ExportSpecifier':
        return this.refer(node.local, node, within, false);
      case 'ExportNamedDeclaration':
      case 'ExportDefaultDeclaration':
        // Other modules may call it.
        for (const { id } of node.declaration?.declarations ?? [node.declaration ?? {}])
          if (id?.type === 'Identifier') this.refer(id, node, within, false);
        break;
      case 'MemberExpression':
        this.visit(node.object, node, within, statement);
        if (node.computed) this.visit(node.property, node, within, null);
        return;
      case 'Property':
      case 'MethodDefinition':
      case 'PropertyDefinition':
        if (node.computed) this.visit(node.key, node, within, null);
        if (node.value) this.visit(node.value, node, within, null);
        return;
      case 'LabeledStatement':
        return this.visit(node.body, node, within, null);
      case 'BreakStatement':
      case 'ContinueStatement':
        return;
      case 'AssignmentExpression':
        this.assign(node.left, within);
        break;
      case 'UpdateExpression':
        this.assign(node.argument, within);
        break;
      case 'ForInStatement':
      case 'ForOfStatement':
        if (node.left.type !== 'VariableDeclaration') this.assign(node.left, within);
        break;
      case 'MetaProperty':
        if (node.meta.name === 'new') this.inherit(within);
        return;
      case 'ThisExpression':
      case 'Super':
        return this.inherit(within);
      case 'Identifier':
        return this.refer(node, parent, within, false);
      case 'CallExpression':
        return this.visitCall(node, parent, within, statement);
    }
    const inner = isStatement(node) ? node : statement;
    for (const child of children(node)) this.visit(child, node, within, inner);
  }

  visitFunction(node, parent, within) {
    const seen = new Seen(node, parent, within);
    this.functions.set(node, seen);
    if (node.id) {
      this.declare(node.id.name, node.type === 'FunctionDeclaration' ? within : seen);
      if (node.type === 'FunctionDeclaration') this.name(node.id.name, node);
    }
    // Defaults of parameters run before the body can yield: what is in them belongs to no function that can be compiled.
    const parameters = new Seen(node, parent, seen);
    for (const parameter of node.params) this.bind(parameter, parameters);
    this.visit(node.body, node, seen, null);
  }

  visitCall(node, parent, within, statement) {
    within.calls.push({ node, parent, statement });
    const { callee } = node;
    if (callee.type === 'Identifier') {
      this.refer(callee, node, within, true);
      const own = this.imported.get(callee.name);
      if (takers.has(own)) this.enter(node.arguments[takers.get(own)]);
      if (own === 'defineScenario') this.enterAll(node.arguments[0]);
    } else {
      this.visit(callee, node, within, statement);
    }
    for (const argument of node.arguments)
      if (!isNaming(node) || argument.type !== 'Identifier') this.visit(argument, node, within, null);
  }

  /** The functions in `tasks` of what `defineScenario` is given. */
  enterAll(scenario) {
    const tasks = scenario?.properties?.find((part) => part.key?.name === 'tasks')?.value;
    for (const { value } of tasks?.properties ?? []) {
      if (value?.type !== 'ObjectExpression') this.enter(value);
      else for (const thread of value.properties) this.enter(thread.value);
    }
  }

  entries = new Set();
  enter(value) {
    if (value) this.entries.add(unnamed(value));
  }

  name(name, node) {
    if (isFunction(node)) this.named.set(name, node);
  }

  declare(name, within) {
    within.count('declared', name);
  }

  assign(target, within) {
    if (target.type === 'Identifier')
      for (let seen = within; seen !== null; seen = seen.outer) seen.assigned.add(target.name);
  }

  inherit(within) {
    for (let seen = within; seen !== null; seen = seen.outer) {
      seen.inherits = true;
      if (seen.node?.type !== 'ArrowFunctionExpression') return;
    }
  }

  refer(node, parent, within, isCallee) {
    if (node.name === 'arguments') this.inherit(within);
    const known = this.references.get(node.name) ?? [];
    known.push({ node, parent, within, isCallee });
    this.references.set(node.name, known);
  }

  bind(pattern, within) {
    if (pattern === null) return;
    if (pattern.type === 'Identifier') this.declare(pattern.name, within);
    else if (pattern.type === 'AssignmentPattern') {
      this.bind(pattern.left, within);
      this.visit(pattern.right, pattern, within, null);
    } else if (pattern.type === 'RestElement') this.bind(pattern.argument, within);
    else if (pattern.type === 'ArrayPattern') for (const element of pattern.elements) this.bind(element, within);
    else if (pattern.type === 'ObjectPattern') {
      for (const property of pattern.properties) {
        if (property.computed) this.visit(property.key, property, within, null);
        this.bind(property.type === 'RestElement' ? property : property.value, within);
      }
    }
  }
}

function* children(node) {
  for (const key of Object.keys(node)) {
    const value = node[key];
    if (Array.isArray(value)) {
      for (const item of value) if (typeof item?.type === 'string') yield item;
    } else if (typeof value?.type === 'string') yield value;
  }
}

/** A call by which esbuild keeps a function's name. */
const isNaming = (node) =>
  node.type === 'CallExpression' && node.callee.name === '__name' && node.arguments.length === 2;
const unnamed = (node) => (isNaming(node) ? node.arguments[0] : node);

/** Of all candidates those that stay when each depends only on others that stay, and that have something to yield for. */
function choose(module) {
  const chosen = new Map();
  for (const seen of module.functions.values()) {
    const { node } = seen;
    if (node.async || node.generator || (node.type === 'ArrowFunctionExpression' && seen.inherits)) continue;
    if (seen.parent?.type === 'Property' && seen.parent.kind !== 'init') continue;
    if (seen.parent?.type === 'MethodDefinition' || node.params.length === 0) continue;
    // It has a name of its own inside, under which it could be called.
    if (node.type === 'FunctionExpression' && node.id !== null) continue;
    seen.name =
      [...module.named].find(([name, named]) => named === node && module.top.declared.get(name) === 1)?.[0] ?? null;
    seen.entry = module.entries.has(node);
    seen.tasks = new Set(node.params.map((_, i) => i).filter((i) => isSteady(seen, node.params[i])));
    if (seen.entry || seen.name !== null) chosen.set(seen, seen);
  }
  while (reduce(module, chosen));
  for (const seen of chosen.values()) describe(module, chosen, seen);
  for (let changed = true; changed; ) {
    changed = false;
    for (const seen of chosen.values()) {
      seen.delegations = seen.delegations.filter(({ target }) => chosen.has(target));
      if (seen.sites.length + seen.delegations.length > 0) continue;
      chosen.delete(seen);
      changed = true;
    }
  }
  return [...chosen.values()];
}

/** Whether a parameter means one thing throughout its function. */
const isSteady = (seen, parameter) =>
  parameter.type === 'Identifier' && seen.declared.get(parameter.name) === 1 && !seen.assigned.has(parameter.name);

/** Takes away what cannot be compiled after all. False when nothing had to go. */
function reduce(module, chosen) {
  let reduced = false;
  for (const seen of chosen.values()) {
    const uses = seen.name === null ? [] : (module.references.get(seen.name) ?? []);
    const entries = uses.filter(({ node }) => module.entries.has(node));
    const calls = uses.filter(({ node, isCallee }) => isCallee && !module.entries.has(node));
    const isEntry = seen.entry || entries.length > 0;
    // What is used in any other way may be called by anybody.
    const known = entries.length + calls.length === uses.length;
    if (!known || calls.some(({ within }) => !chosen.has(within)) || (!isEntry && calls.length === 0)) {
      chosen.delete(seen);
      reduced = true;
      continue;
    }
    for (const i of seen.tasks) {
      const passed = calls.every(({ parent, within }) => isTask(within, parent.arguments[i]));
      if (passed && (!isEntry || i === 0)) continue;
      seen.tasks.delete(i);
      reduced = true;
    }
  }
  return reduced;
}

function isTask(seen, node) {
  return node?.type === 'Identifier' && [...seen.tasks].some((i) => seen.node.params[i].name === node.name);
}

/** Lists the operations and calls of a chosen function. */
function describe(module, chosen, seen) {
  seen.sites = [];
  seen.delegations = [];
  for (const call of seen.calls) {
    const { callee, optional, arguments: values } = call.node;
    if (optional || values.some((value) => value.type === 'SpreadElement')) continue;
    const operation = operationOf(seen, callee) ?? kernelCallOf(seen, callee);
    if (operation !== null) seen.sites.push({ ...call, ...operation });
    if (callee.type !== 'Identifier' || module.top.declared.get(callee.name) !== 1) continue;
    const target = module.functions.get(module.named.get(callee.name));
    if (target !== undefined && chosen.has(target)) seen.delegations.push({ ...call, target });
  }
}

/** What `callee` does when it is an operation of a task: `task.load32`, `task.atomic.add`. */
function operationOf(seen, callee) {
  if (callee.type !== 'MemberExpression' || callee.computed || callee.optional) return null;
  const { object, property } = callee;
  if (isTask(seen, object) && operations.has(property.name))
    return { task: object.name, ...operations.get(property.name) };
  const inner = object.type === 'MemberExpression' && !object.computed && !object.optional ? object : null;
  if (inner?.property.name === 'atomic' && isTask(seen, inner.object) && atomics.has(property.name))
    return { task: inner.object.name, ...atomics.get(property.name) };
  return null;
}

/** What `callee` does when it may be a kernel call: `lock.unlock`. */
function kernelCallOf(seen, callee) {
  if (callee.type !== 'MemberExpression' || callee.computed || callee.optional) return null;
  const { object, property } = callee;
  if (!callNames.has(property.name) || object.type === 'Super' || hasShortCut(object)) return null;
  const [task] = seen.tasks;
  return task === undefined ? null : { task: seen.node.params[task].name, call: property.name };
}

/** Whether what comes after `node` is left out where something in it is not there: `a?.b`. */
function hasShortCut(node) {
  for (let inner = node; ; inner = inner.object ?? inner.callee) {
    if (inner?.type !== 'MemberExpression' && inner?.type !== 'CallExpression') return false;
    if (inner.optional) return true;
  }
}
