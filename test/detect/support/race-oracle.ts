/**
 * Data races by the book: every pair of events is compared, and order is reachability over edges that are written down from the
 * definitions (reads-from for atomics), without clocks. Slow, and as different from the detector as can be.
 */
import { headerWords, isAccess, isAtomic, Kind, type Trace } from '../../../src/kernel/trace.ts';

interface Event {
  at: number;
  kind: number;
  actor: number;
  bytes: Set<number>;
  stores: boolean;
  before: Set<Event>;
}

export interface OraclePair {
  earlier: number;
  later: number;
  /** Whether no later access of the same actor and sort to one of the shared bytes stands between them. */
  latest: boolean;
  earlierActor: number;
}

export function racingPairs(trace: Trace): OraclePair[] {
  const events = order(trace);
  const pairs: OraclePair[] = [];
  for (const [j, later] of events.entries()) {
    for (const [i, earlier] of events.slice(0, j).entries()) {
      const shared = [...earlier.bytes].filter((byte) => later.bytes.has(byte));
      const conflict =
        shared.length > 0 &&
        earlier.actor !== later.actor &&
        (earlier.stores || later.stores) &&
        !(isAtomic(earlier.kind) && isAtomic(later.kind));
      if (!conflict || later.before.has(earlier)) continue;
      const replaced = (byte: number): boolean =>
        events.slice(i + 1, j).some((other) => sameSort(other, earlier) && other.bytes.has(byte));
      pairs.push({
        earlier: earlier.at,
        later: later.at,
        latest: !shared.every(replaced),
        earlierActor: earlier.actor,
      });
    }
  }
  return pairs;
}

function sameSort(one: Event, other: Event): boolean {
  return one.actor === other.actor && one.stores === other.stores && isAtomic(one.kind) === isAtomic(other.kind);
}

function order(trace: Trace): Event[] {
  const events: Event[] = [];
  const { words } = trace;
  for (let at = 0; at < trace.length; at = trace.after(at)) {
    const kind = trace.kindAt(at);
    const actor = trace.actorAt(at);
    const failed = kind === Kind.AtomicCompareExchange && words[at + 5] !== words[at + headerWords];
    const loads = kind <= Kind.Load64 || kind === Kind.AtomicLoad || kind === Kind.Read || failed;
    const event: Event = { at, kind, actor, bytes: bytesOf(trace, at), stores: !loads, before: new Set() };
    const comesAfter = (other: Event | undefined): void => {
      if (other === undefined) return;
      event.before.add(other);
      for (const earlier of other.before) event.before.add(earlier);
    };
    comesAfter(events.findLast((other) => other.actor === actor));
    if (kind === Kind.Acquire) {
      for (const other of events)
        if (other.kind === Kind.Release && words[other.at + 2] === words[at + 2]) comesAfter(other);
    }
    if (isAtomic(kind) && kind !== Kind.AtomicStore) {
      comesAfter(
        events.findLast((other) => isAtomic(other.kind) && other.stores && words[other.at + 3] === words[at + 3]),
      );
    }
    events.push(event);
  }
  return events;
}

function bytesOf(trace: Trace, at: number): Set<number> {
  if (!isAccess(trace.kindAt(at))) return new Set();
  const next = trace.after(at);
  const parts = next < trace.length && trace.kindAt(next) === Kind.Straddle ? [at, next] : [at];
  const bytes = parts.flatMap((part) =>
    Array.from({ length: trace.words[part + 4]! }, (_, i) => trace.words[part + 3]! + i),
  );
  return new Set(bytes);
}
