/**
 * The rules that an execution can break, by their stable names. The number of a rule is its place here: traces hold it, so new
 * rules go to the end.
 */
export const ruleNames = [
  'assertion',
  'uncaught-exception',
  'memory-fault',
  'kernel-panic',
  'deadlock',
  'livelock',
  'data-race',
  'double-fetch',
  'unbalanced-complete',
  'prepare-race',
  'direction-misuse',
  'use-before-prepare',
  'use-after-release',
  'dangling-mapping',
  'leak',
  'forbidden-outcome',
  'check',
  'lock-left-held',
  'dma-unwired',
  'freed-page-reachable',
  'permission-outrun',
  'dma-outside-window',
  'stale-translation',
  'wired-page-moved',
  'unbalanced',
  'snapshot-broken',
  'use-after-complete',
  'missing-cache-flush',
  'stale-data',
  'purgeable-contract',
  'wrong-queue',
  'lost-write',
  'lost-wakeup',
  'mistaken-identity',
] as const;

export type RuleName = (typeof ruleNames)[number];

/** What a broken rule means: the execution failed, it is worth a note, or nothing. */
export type RuleLevel = 'fail' | 'note' | 'off';

export const ruleNumber = (name: RuleName): number => ruleNames.indexOf(name);

/**
 * What a broken rule is about, in one number that its event in the trace holds: a handle, or minus a page frame; 0 for neither. The
 * history that a report tells is found by it.
 */
export const aboutNothing = 0;
export const aboutFrame = (frame: number): number => -frame;
