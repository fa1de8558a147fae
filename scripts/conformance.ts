/**
 * `docs/conformance.md`: every method and option of Apple's IOMemoryDescriptor page, every case of the behavioural reference, and every
 * code that its calls fail with, with the tests that exercise it. Written by `npm run conformance`; `npm test` runs it with `--check`, which fails when an entry has
 * no test, when a case does not run on every machine that there is, or when the document is not what the tests say.
 *
 * A test exercises a method when it, or a function of the tests that it calls, mentions the very symbol: the type checker tells
 * `map` of a descriptor from that of an array.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { cases, classes, failures, options, page, unreachable } from './conformance-entries.ts';
import { everyMachine, pageSizes, Variants } from './conformance-variants.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const document = `${root}docs/conformance.md`;
/** So many tests are named for an entry. (Rejected: counting the others, since then every new test changes the document.) */
const shown = 4;

/** A test, and all that it mentions. */
interface Exercised {
  readonly file: string;
  readonly name: string;
  readonly mentions: ReadonlySet<string>;
  /** The machines that it runs on, as 'documented 4096'. */
  readonly machines: readonly string[];
}

class Survey {
  readonly tests: Exercised[] = [];
  private readonly checker: ts.TypeChecker;
  private readonly variants: Variants;
  private readonly known = new Map<ts.Node, Set<string>>();

  constructor() {
    const { config } = ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile);
    const parsed = ts.parseJsonConfigFileContent(config, ts.sys, root);
    const files = parsed.fileNames.filter((name) => name.endsWith('.test.ts'));
    const program = ts.createProgram(files, { ...parsed.options, noEmit: true });
    this.checker = program.getTypeChecker();
    this.variants = new Variants(this.checker, `${root}test/`);
    for (const name of files.sort()) this.visit(program.getSourceFile(name)!, relative(root, name));
  }

  private visit(node: ts.Node, file: string): void {
    if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'fails')
      this.visitFailure(
        node.arguments as unknown as [ts.Expression, ts.Expression, ts.Expression, ts.Expression],
        file,
      );
    // `test(title, body)`, or a suite of another name: `it(title, body, semantics)`, `suite.case(title, body)`.
    if (ts.isCallExpression(node) && node.arguments.length >= 2) {
      const [name, body] = node.arguments as unknown as [ts.Expression, ts.Expression];
      if (isTitle(name) && ts.isFunctionLike(body))
        this.tests.push({ file, name: titleOf(name), mentions: this.mentions(body), machines: this.variants.of(node) });
    }
    node.forEachChild((child) => this.visit(child, file));
  }

  /** A row of a table of failures (test/support/failures.ts). In a loop the types of call and code say which ones there are. */
  private visitFailure([call, code, when, arrange]: ts.Expression[], file: string): void {
    const title = isTitle(when!) ? titleOf(when) : '…';
    for (const one of this.literals(call!))
      for (const other of this.literals(code!))
        this.tests.push({ file, name: `${one} → ${other}: ${title}`, mentions: this.mentions(arrange!), machines: [] });
  }

  private literals(node: ts.Expression): string[] {
    const type = this.checker.getTypeAtLocation(node);
    const types = type.isUnion() ? type.types : [type];
    return types.filter((one) => one.isLiteral()).map(({ value }) => String(value));
  }

  /** `IOMemoryDescriptor.prepare`, `kIOMapUnique`, as far as the functions of the tests reach from `node`. */
  private mentions(node: ts.Node): Set<string> {
    const before = this.known.get(node);
    if (before !== undefined) return before;
    const found = new Set<string>();
    this.known.set(node, found);
    this.collect(node, found);
    return found;
  }

  private collect(node: ts.Node, found: Set<string>): void {
    if (ts.isIdentifier(node)) {
      let symbol = this.checker.getSymbolAtLocation(node);
      if (symbol !== undefined && (symbol.flags & ts.SymbolFlags.Alias) !== 0)
        symbol = this.checker.getAliasedSymbol(symbol);
      for (const declaration of symbol?.declarations ?? []) this.note(declaration, node.text, found);
    }
    node.forEachChild((child) => this.collect(child, found));
  }

  private note(declaration: ts.Declaration, name: string, found: Set<string>): void {
    const file = declaration.getSourceFile().fileName;
    if (ts.isMethodDeclaration(declaration) && ts.isClassDeclaration(declaration.parent)) {
      found.add(`${declaration.parent.name?.text}.${name}`);
    } else if (file.includes('/src/iokit/') && ts.isVariableDeclaration(declaration)) {
      found.add(name);
    } else if (file.startsWith(`${root}test/`)) {
      const body = ts.isVariableDeclaration(declaration) ? declaration.initializer : declaration;
      if (body !== undefined) for (const mention of this.mentions(body)) found.add(mention);
    }
  }
}

const isTitle = (node: ts.Expression): node is ts.StringLiteralLike | ts.TemplateExpression =>
  ts.isStringLiteralLike(node) || ts.isTemplateExpression(node);

/** What a test is called, with `…` for what is filled in. */
function titleOf(name: ts.StringLiteralLike | ts.TemplateExpression): string {
  if (ts.isStringLiteralLike(name)) return name.text;
  return name.head.text + name.templateSpans.map((span) => `…${span.literal.text}`).join('');
}

/** Cases in a title: `C41`, `C1 to C4`, `C20, C21`. */
function casesIn(title: string): number[] {
  const found: number[] = [];
  for (const [, from, to] of title.matchAll(/\bC(\d+)(?:\s*(?:to|-|–)\s*C?(\d+))?/g))
    for (let number = Number(from); number <= Number(to ?? from); number++) found.push(number);
  return found;
}

function row(entry: string, tests: readonly Exercised[]): string {
  const names = tests.slice(0, shown).map(({ file, name }) => `${file.replace(/^test\//, '')}: ${name}`);
  const more = tests.length > shown ? ' and others' : '';
  return `| ${entry} | ${names.join('; ').replaceAll('|', '\\|')}${more} |`;
}

const { tests } = new Survey();
const missing: string[] = [];

function section(
  title: string,
  entries: readonly string[],
  exercises: (entry: string, test: Exercised) => boolean,
): string {
  const rows = entries.map((entry) => {
    const exercising = tests.filter((test) => exercises(entry, test));
    if (exercising.length === 0) missing.push(entry);
    return row(`\`${entry}\``, exercising);
  });
  return [`## ${title}`, '', '| entry | tests |', '| --- | --- |', ...rows, ''].join('\n');
}

const numbered = cases.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => `C${first + i}`));
const failing = failures.flatMap(([call, ...codes]) => codes.map((code) => `${call} → ${code}`));
/** Where the cases do not run, and should. */
const unrun = numbered.flatMap((entry) => {
  const its = tests.filter(({ name }) => casesIn(name).includes(Number(entry.slice(1))));
  const everywhere = everyMachine.filter((machine) => !its.some(({ machines }) => machines.includes(machine)));
  const narrow = its.filter(({ machines }) => !pageSizes.every((size) => machines.some((one) => one.endsWith(size))));
  return [
    ...(its.length > 0 ? everywhere.map((machine) => `${entry} has no test that runs under ${machine}`) : []),
    ...narrow.map(({ file, name }) => `${file}: ${name}: ${entry} runs under one page size only`),
  ];
});
const text = [
  '# Conformance',
  '',
  "Every method and option of Apple's `IOMemoryDescriptor` reference page, the cases of the behavioural reference, and the codes that its",
  'calls fail with, with the tests that exercise them. Each test of a case runs under both page sizes, and those of a case together under both',
  '`semantics` with each. Written by `npm run conformance`: do not edit.',
  '',
  section('Methods', page, (entry, { mentions }) => classes.some((name) => mentions.has(`${name}.${entry}`))),
  section('Options', options, (entry, { mentions }) => mentions.has(entry)),
  section('Cases', numbered, (entry, { name }) => casesIn(name).includes(Number(entry.slice(1)))),
  section('Failures', failing, (entry, { name }) => name.startsWith(`${entry}:`)),
  '## What cannot fail here',
  '',
  '| call → code | why |',
  '| --- | --- |',
  ...unreachable.map(([entry, why]) => `| \`${entry}\` | ${why} |`),
  '',
].join('\n');

if (missing.length > 0 || unrun.length > 0) {
  if (missing.length > 0) console.error(`no test exercises ${missing.join(', ')}`);
  for (const line of unrun) console.error(line);
  process.exitCode = 1;
} else if (!process.argv.includes('--check')) {
  writeFileSync(document, text);
} else if (!existsSync(document) || readFileSync(document, 'utf8') !== text) {
  console.error('docs/conformance.md is not what the tests say: run `npm run conformance` and commit it');
  process.exitCode = 1;
}
