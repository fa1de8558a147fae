/**
 * Proofs: what it means that an exploration is exhausted, in words (what exactly has been tried, under which memory model).
 */
import type { Settings } from './options.ts';
import type { Exploration } from './results.ts';

type Bounds = Pick<Settings, 'preemptions' | 'delays'>;

/**
 * @param exhausted the strategy, or the part of it, that has nothing left
 * @param cut whether loops that wait by looking were cut short: one that counts how often it looked may then have had other outcomes
 */
export const proofOf = (
  bounds: Bounds,
  { memoryModel }: Pick<Exploration, 'memoryModel'>,
  { cut, exhausted }: { readonly cut: boolean; readonly exhausted: string | null },
): string =>
  `${tried(bounds, exhausted)} was tried, under ${memoryModel}${cut ? ', but for how often loops look in vain' : ''}`;

function tried({ preemptions, delays }: Bounds, exhausted: string | null): string {
  if (exhausted === 'dpor') return 'every order of conflicting steps (Mazurkiewicz trace)';
  if (exhausted === 'dpor:reads-from') return 'every way for reads to read from writes (reads-from class)';
  if (preemptions !== null) return `every schedule with at most ${counted(preemptions, 'preemption')}`;
  return delays === null ? 'every schedule' : `every schedule with at most ${counted(delays, 'delay')}`;
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
