/**
 * What a broken rule lacks: the step between culprit and victim that mends it. In words that hold whenever the rule is broken; rules
 * that are broken in several ways have none.
 */
import type { RuleName } from '../kernel/rules.ts';

export const missingStep: Readonly<Partial<Record<RuleName, string>>> = {
  'data-race': 'nothing orders the two: no lock, no atomic, no message',
  'double-fetch': 'no acquire between the two looks, and no copy of its own of what the first one saw',
  'prepare-race': 'nothing orders the two calls, and the descriptor has no kIOMemoryThreadSafe',
  'dma-unwired': 'no prepare in force while the device transfers',
  'missing-cache-flush': 'no write-back of the cache line between the store and the read',
  'stale-data': 'no invalidation of the cache line between what the device wrote and the read',
  'stale-translation': 'no shootDown between the change of the translation and its use',
  'permission-outrun': 'no check, at the moment of the access, that the mapping still allows it',
  'freed-page-reachable': 'no end of every way to the page before it is free',
  'use-after-release': 'no reference that keeps it for as long as it is used',
  'use-before-prepare': 'no prepare in force when it is used',
  'use-after-complete': 'no prepare in force when it is used',
  'mistaken-identity':
    'no hold on the memory from the moment it was looked at: no prepare, no map, no kIOMemoryPersistent',
  'lost-wakeup': 'no look at what is waited for between the wakeup and the sleep, under a lock that both take',
  'lock-left-held': 'no unlock on this way out',
};
