/** A double fetch in one sentence: who read what, who changed it to what, and what was read then. */
import { hex } from '../hardware/errors.ts';
import { isLoad, isStore, Kind, type Trace } from '../kernel/trace.ts';
import { replacesWord } from './access.ts';
import type { ActorInfo } from './finding.ts';

export function fetchMessage(
  trace: Trace,
  actors: readonly ActorInfo[],
  first: number,
  between: number,
  second: number,
): string {
  const name = (at: number): string => actors[trace.actorAt(at)]!.name;
  const address = hex(trace.words[first + 2]!);
  return `${name(first)} ${deed(trace, first)} at ${address}, ${name(between)} ${deed(trace, between)}, ${name(second)} ${deed(trace, second)}`;
}

/** 'read 16', 'stored 4096', 'wrote 64 bytes'. */
function deed(trace: Trace, at: number): string {
  const kind = trace.kindAt(at);
  const [length, low, high] = [trace.words[at + 4]!, trace.words[at + 5]!, trace.words[at + 6]!];
  if (kind === Kind.Read) return `read ${length} bytes`;
  if (kind === Kind.Write) return `wrote ${length} bytes`;
  if (isLoad(kind)) return `read ${scalar(low, high)}`;
  if (isStore(kind) || kind === Kind.Drain || kind === Kind.Drained) return `stored ${scalar(low, high)}`;
  return replacesWord(kind) ? `stored ${high}` : 'changed it atomically';
}

const scalar = (low: number, high: number): string => String((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0));
