/** Runs a property with a seed that is printed when it fails, and fixed unless `SEED` says otherwise. */
import fc from 'fast-check';

/** The seed of all properties of this run: a constant by default, so that a red build is red again. */
export const propertySeed = Number(process.env.SEED ?? 20_240_601);

/** Checks `property` for `runs` inputs. The error names the seed: `SEED=… node --import tsx FILE` repeats it. */
export function seeded<T>(property: fc.IRawProperty<T>, runs = 200, seed = propertySeed): void {
  fc.assert(property as fc.IProperty<T>, { seed, numRuns: runs, includeErrorInReport: true });
}
