/** A breach between cache and memory in one sentence, with the events that it is about: who stored what, what came between, who found out. */
import { hex } from '../hardware/errors.ts';
import { isStep, Kind, type Trace } from '../kernel/trace.ts';
import { lengthOf } from './access.ts';
import { type ActorInfo, type Mark, stepOf } from './finding.ts';

/** Places in the trace. */
export interface CacheStory {
  /**
   * 'unwritten': who reads past the cache misses what is still in it. 'stale': who reads through the cache misses what was written past
   * it. 'overwritten': a dirty line went over what was written past it. 'dropped': a dirty line was dropped.
   */
  readonly what: 'unwritten' | 'stale' | 'overwritten' | 'dropped';
  /** The store that is missed; of a line that overwrites, the one that made it dirty. */
  readonly store: number;
  /** What was written over, or where the line was dropped; otherwise -1. */
  readonly between: number;
  /** Where it came out: a load, or the line's being written back. */
  readonly at: number;
}

export function storyOf(
  trace: Trace,
  actors: readonly ActorInfo[],
  { what, store, between, at }: CacheStory,
): { message: string; marks: Mark[] } {
  const who = (place: number): string => actors[trace.actorAt(place)]!.name;
  const deed = (place: number): string => `${bytes(lengthOf(trace, place))} at ${hex(trace.words[place + 2]!)}`;
  const step = isStep(trace.kindAt(at)) ? at : stepOf(trace, at);
  switch (what) {
    case 'unwritten':
      return {
        message:
          `${who(at)} reads ${deed(at)} from memory, which does not have what ${who(store)} stored (${deed(store)}): it is in the cache ` +
          'still. Missing between the two is kIOMemoryIncoherentIOStore, or preparing an IODMACommand with kNonCoherent',
        marks: [mark(store, 'store'), mark(at, 'load past the cache')],
      };
    case 'stale':
      return {
        message:
          `${who(at)} reads ${deed(at)} from a cache line that is older than what ${who(store)} wrote there (${deed(store)}). Missing ` +
          'between the two is kIOMemoryIncoherentIOFlush, or completing an IODMACommand with kNonCoherent',
        marks: [mark(store, 'store past the cache'), mark(at, 'stale load')],
      };
    case 'overwritten':
      return {
        message:
          `a cache line that ${who(store)} made dirty (${deed(store)}) is written back over what ${who(between)} wrote there ` +
          `(${deed(between)}). Missing is kIOMemoryIncoherentIOStore, or preparing an IODMACommand with kNonCoherent, before the device ` +
          'may write, and nobody may store to its lines until it is done',
        marks: [mark(store, 'store'), mark(between, 'write that is lost'), mark(step, 'write back')],
      };
    case 'dropped': {
      const drop = trace.kindAt(between) === Kind.Evict ? between : stepOf(trace, between);
      return {
        message:
          `${who(at)} misses what ${who(store)} stored (${deed(store)}): ${who(drop)} dropped the cache line before it was written back. ` +
          'Lines are dropped as a whole, with what else lies in them: clean before invalidating',
        marks: [mark(store, 'store that is lost'), mark(drop, 'drop'), mark(at, 'load')],
      };
    }
  }
}

const mark = (at: number, role: string): Mark => ({ at, role });
const bytes = (count: number): string => (count === 1 ? '1 byte' : `${count} bytes`);
