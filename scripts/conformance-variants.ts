/**
 * Which machines a test runs on, told by types: the variables of the loops around it, and of those in whatever function of the tests
 * declares it, say which page sizes and which semantics there are. What a call is given of either restricts it to that.
 */
import ts from 'typescript';

export const pageSizes = ['4096', '16384'];
const semantics = ['documented', 'xnu'];

/** Every machine that there is to test on. */
export const everyMachine = pageSizes.flatMap((size) => semantics.map((word) => `${word} ${size}`));

export class Variants {
  private readonly known = new Map<ts.Node, Set<string>>();

  /** @param folder with the tests: functions elsewhere declare none */
  constructor(
    private readonly checker: ts.TypeChecker,
    private readonly folder: string,
  ) {}

  /** The machines of the test that `call` declares, each as 'documented 4096'. */
  of(call: ts.CallExpression): string[] {
    const looped = new Set(this.declared(call));
    for (let node: ts.Node = call; node !== undefined; node = node.parent)
      if (ts.isForOfStatement(node)) this.collect(node.initializer, looped);
    const given = new Set<string>();
    for (const argument of call.arguments) if (!ts.isFunctionLike(argument)) this.restrict(argument, given);
    // The defaults of a machine, where nothing is said.
    const of = (all: readonly string[], fallback: string): readonly string[] => {
      const narrowed = all.filter((one) => given.has(one));
      if (narrowed.length > 0) return narrowed;
      const some = all.filter((one) => looped.has(one));
      return some.length > 0 ? some : [fallback];
    };
    return of(pageSizes, '4096').flatMap((size) => of(semantics, 'documented').map((word) => `${word} ${size}`));
  }

  /** What the function that declares the test loops over, and those that it calls for it. */
  private declared(call: ts.CallExpression): ReadonlySet<string> {
    const found = new Set<string>();
    const declaration = this.checker.getResolvedSignature(call)?.declaration;
    if (declaration === undefined || !declaration.getSourceFile().fileName.startsWith(this.folder)) return found;
    let outermost: ts.Node = declaration;
    for (let node: ts.Node = declaration; node.parent !== undefined; node = node.parent)
      if (ts.isFunctionLike(node)) outermost = node;
    const before = this.known.get(outermost);
    if (before !== undefined) return before;
    this.known.set(outermost, found);
    const look = (node: ts.Node): void => {
      if (ts.isForOfStatement(node)) this.collect(node.initializer, found);
      if (ts.isCallExpression(node)) for (const word of this.declared(node)) found.add(word);
      node.forEachChild(look);
    };
    look(outermost);
    return found;
  }

  /** The literals that the variables of a loop can be. */
  private collect(node: ts.Node, found: Set<string>): void {
    if (ts.isIdentifier(node)) for (const literal of literals(this.checker.getTypeAtLocation(node))) found.add(literal);
    node.forEachChild((child) => this.collect(child, found));
  }

  /** An array of semantics, or options with a page size. */
  private restrict(argument: ts.Expression, given: Set<string>): void {
    const type = this.checker.getTypeAtLocation(argument);
    const element = this.checker.getIndexTypeOfType(type, ts.IndexKind.Number);
    if (element !== undefined && !type.isLiteral()) for (const literal of literals(element)) given.add(literal);
    for (const name of ['pageSize', 'semantics']) {
      const property = type.getProperty(name);
      if (property === undefined) continue;
      for (const literal of literals(this.checker.getTypeOfSymbolAtLocation(property, argument))) given.add(literal);
    }
  }
}

function literals(type: ts.Type): string[] {
  const types = type.isUnion() ? type.types : [type];
  return types.filter((one) => one.isLiteral()).map(({ value }) => String(value));
}
