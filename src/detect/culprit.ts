/**
 * Whom a broken rule is due to: the step, before the one that suffers from it, that made it wrong. It is found in the past of the
 * page or handle that the rule is about, so it is known where that past is.
 */
import { PageFate } from '../hardware/page-fate.ts';
import { HandleFate } from '../kernel/handle-table.ts';
import type { RuleName } from '../kernel/rules.ts';
import type { Trace } from '../kernel/trace.ts';
import { noFrame } from '../vm/memory-object.ts';
import type { Mark } from './finding.ts';
import { callName, type HandleNote, lastPurge, lastStore, type PageNote, pastOfHandle, pastOfPage } from './past.ts';

const { Allocated, Freed, Wired, Unwired, Mapped, Unmapped, Protected, Entered, Removed } = PageFate;

/** For a rule about a page: what was done to it last, of these; all that applies, in the order of the story. */
const fates: Partial<Record<RuleName, readonly (readonly number[])[]>> = {
  'dma-unwired': [[Unwired]],
  'dma-outside-window': [[Wired], [Unmapped]],
  'stale-translation': [[Unmapped, Protected], [Freed]],
  'wired-page-moved': [[Wired], [Unwired]],
  'freed-page-reachable': [[Mapped, Wired, Freed]],
  'permission-outrun': [[Unmapped, Protected, Entered, Removed]],
  'use-after-release': [[Freed]],
  unbalanced: [[Wired]],
  'snapshot-broken': [[Mapped, Allocated, Entered]],
  'purgeable-contract': [[Unmapped]],
};

/** For a rule about a page: the step that it is due to, where that is none of these. */
const deeds: Partial<
  Record<RuleName, { role: string; find: (trace: Trace, frame: number, until: number) => number | null }>
> = {
  'purgeable-contract': { role: 'emptied', find: lastPurge },
  'lost-write': { role: 'store that is lost', find: lastStore },
};

/** For a rule about what is at an address: the same of that. */
const placeFates: Partial<Record<RuleName, readonly (readonly number[])[]>> = {
  'mistaken-identity': [[Removed], [Entered]],
  'dangling-mapping': [[Removed], [Entered]],
};

/** For a rule about a handle: the last thing that was done to it, of these. */
const handleFates: Partial<Record<RuleName, (note: HandleNote, name: string) => boolean>> = {
  'use-after-release': ({ fate }) => fate === HandleFate.Gone,
  unbalanced: ({ fate }, name) => fate === HandleFate.Held || name === 'prepare',
  'unbalanced-complete': (_note, name) => name === 'complete',
  'use-after-complete': (_note, name) => name === 'complete',
  'direction-misuse': (_note, name) => name === 'prepare',
};

const roles: Record<number, string> = {
  [Allocated]: 'allocated',
  [Freed]: 'freed',
  [Wired]: 'wired',
  [Unwired]: 'unwired',
  [Mapped]: 'mapped',
  [Unmapped]: 'unmapped',
  [Protected]: 'protected',
  [Entered]: 'entered',
  [Removed]: 'removed',
};

function roleOf({ fate }: HandleNote, name: string): string {
  if (fate === HandleFate.Gone) return 'released';
  return name === 'complete' ? 'completed' : 'held';
}

/** The steps that led to the one at `victim`, for what the event at `noted` says; none where nothing is known. */
export function culprits(trace: Trace, rule: RuleName, noted: number, victim: number): Mark[] {
  const about = trace.words[noted + 5]!;
  const address = trace.words[noted + 6]!;
  const atPlace = placeFates[rule];
  if (atPlace !== undefined) {
    const past = pastOfPage(trace, noFrame, address, noted).filter(({ at, isThere }) => at !== victim && isThere);
    return lastOfEach(past, atPlace);
  }
  if (about > 0) {
    const fits = handleFates[rule];
    const notes = fits === undefined ? [] : pastOfHandle(trace, about, noted);
    const last = notes.filter((note) => note.at < victim && fits!(note, callName(trace, note.at))).at(-1);
    return last === undefined ? [] : [{ at: last.at, role: roleOf(last, callName(trace, last.at)) }];
  }
  const deed = about < 0 ? deeds[rule] : undefined;
  const done = deed === undefined ? null : deed.find(trace, -about, noted);
  if (done !== null) return [{ at: done, role: deed!.role }];
  const wanted = about < 0 ? fates[rule] : undefined;
  if (wanted === undefined) return [];
  // Where the rule says at which address, what was mapped elsewhere is beside the point.
  const past = pastOfPage(trace, -about, address, noted).filter(
    ({ at, fate, isThere }) => at !== victim && (isThere || address === 0 || fate < Mapped),
  );
  return lastOfEach(past, wanted);
}

/** The last note of each set of fates, in the order of the story. */
function lastOfEach(past: readonly PageNote[], wanted: readonly (readonly number[])[]): Mark[] {
  const found = wanted.map((some) => past.filter(({ fate }) => some.includes(fate)).at(-1));
  const known = found.filter((note): note is PageNote => note !== undefined).sort((a, b) => a.at - b.at);
  return known.map(({ at, fate }) => ({ at, role: roles[fate]! }));
}
