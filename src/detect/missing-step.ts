/**
 * What a broken rule lacks: the step between culprit and victim that mends it. In words that hold whenever the rule is broken; rules
 * that are broken in several ways have none. Where the trace shows more, it says more: that the victim let go of a lock, took it
 * again, and went on without a look at what had changed meanwhile.
 */
import type { RuleName } from '../kernel/rules.ts';
import { isAtomic, isLoad, Kind, type Trace } from '../kernel/trace.ts';
import type { Finding } from './finding.ts';
import { isLook } from './past.ts';

const lacking: Readonly<Partial<Record<RuleName, string>>> = {
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

/** Undefined where the rule has none. */
export function missingStep(trace: Trace, { rule, marks }: Pick<Finding, 'rule' | 'marks'>): string | undefined {
  const [culprit, victim] = marks.slice(-2);
  if (culprit !== undefined && victim !== undefined && wentOnUnchecked(trace, culprit.at, victim.at))
    return 'no re-check after the lock was taken again';
  return lacking[rule];
}

/**
 * Whether the actor of `victim` had released something before `culprit`, took it over again from the actor of `culprit` after that, and has
 * looked at nothing since. What several actors release and take over in turn is a lock.
 */
function wentOnUnchecked(trace: Trace, culprit: number, victim: number): boolean {
  const [changer, user] = [trace.actorAt(culprit), trace.actorAt(victim)];
  if (changer === user) return false;
  const letGo = new Set<number>();
  const handed = new Set<number>();
  let unchecked = false;
  for (let at = 0; at < victim; at = trace.after(at)) {
    const kind = trace.kindAt(at);
    const actor = trace.actorAt(at);
    const key = trace.words[at + 2]!;
    if (kind === Kind.Release && actor === user && at < culprit) letGo.add(key);
    else if (kind === Kind.Release && actor === changer && at > culprit) handed.add(key);
    else if (kind === Kind.Acquire && actor === user && letGo.has(key) && handed.has(key)) unchecked = true;
    else if (actor === user && looks(trace, at, kind)) unchecked = false;
  }
  return unchecked;
}

const looks = (trace: Trace, at: number, kind: number): boolean =>
  isLoad(kind) || isAtomic(kind) || kind === Kind.Read || (kind === Kind.Call && isLook(trace, at));
