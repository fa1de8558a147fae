/**
 * What `dist/` is made of: declarations, a file each, by the compiler, and JavaScript in few files, by the bundler. Each of a
 * machine's threads loads the library anew: from a file per module, booting a machine with four tasks takes two thirds longer.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Everything that package.json or a worker names by its path. What is behind an `import()` comes to a file of its own. */
const entrances = [
  'src/index.ts',
  'src/task/driverkit/index.ts',
  'src/cli/main.ts',
  'workers/coordinator.ts',
  'workers/explorer.ts',
  'workers/scenario.ts',
  'workers/script.ts',
];

/** @param folder an absolute path; what it holds already stays there. Throws for what does not compile. */
export async function bundle(folder: string): Promise<void> {
  declare(folder);
  await bundleJavaScript(folder);
}

function declare(folder: string): void {
  const compiler = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url));
  const declarations = ['-p', 'tsconfig.build.json', '--emitDeclarationOnly', '--outDir', folder];
  const { status } = spawnSync(process.execPath, [compiler, ...declarations], { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error('the sources do not compile: see above');
}

/** The same without declarations, and without a look at types. */
export async function bundleJavaScript(folder: string): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: entrances,
    outbase: '.',
    outdir: folder,
    bundle: true,
    // One copy of each class, whoever imports it: handles of a task are those of the library its file imports.
    splitting: true,
    // As deep as src/machine/packaging.ts, which finds workers and hooks from where it lies itself.
    chunkNames: 'src/machine/[name]-[hash]',
    // As tsx compiles; errors are told apart by the names of their classes.
    keepNames: true,
    // Each of a machine's threads reads the library anew. Where a line stood is in the map (`node --enable-source-maps`).
    minifyWhitespace: true,
    sourcemap: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    logLevel: 'warning',
  });
}
