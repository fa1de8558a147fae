/** Booting a machine and spawning four tasks, from the built package, as a script would. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from '../bundle.ts';
import { type Figure, rounds } from './measure.ts';
import { undisturbed } from './undisturbed.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

export async function bootFigure(): Promise<Figure> {
  // A build of its own: what lies in dist may be of another day.
  const folder = mkdtempSync(join(root, 'dist-bench-'));
  try {
    await bundle(join(folder, 'dist'));
    // Copies, where a link would lead back to the sources.
    for (const name of ['package.json', 'scripts']) cpSync(join(root, name), join(folder, name), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    const child = join(root, 'scripts/bench/programs/boot-child.mjs');
    const library = join(folder, 'dist/src/index.js');
    const boot = () => [Number(execFileSync('node', [child, library], { encoding: 'utf8' }))];
    const { quiet, all } = await undisturbed(rounds * 3, boot);
    const value = quiet[0]!;
    return {
      name: 'boot a machine and spawn 4 tasks, built package',
      target: 'under 400 ms',
      value: `${value.toFixed(0)} ms`,
      reached: value < 400,
      behind: `${all[0]!.toFixed(0)} ms over all rounds; loading the library included`,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
