/** Commands that make descriptors of others, and of nothing at all. */
import * as assert from 'uvu/assert';
import { kIODirectionOutIn } from '../../../src/iokit/options.ts';
import { calls } from '../../../src/kernel/calls/index.ts';
import type { Actor } from '../actor.ts';
import type { Description, Part } from '../descriptions.ts';
import type { Pick } from '../pick.ts';
import { Root } from '../root.ts';
import type { World } from '../world.ts';
import { describe, directionOf, isFull } from './descriptors.ts';

const mostRoots = 6;

/** What may become a part: a page list is gone after its last complete, so it is none. */
function candidates(world: World, owner: number): Description[] {
  return world.descriptions.filter(
    (one) => one.owner === owner && one.length > 0 && one.roots.length < mostRoots && !one.roots.some(isList),
  );
}

const isList = (root: Root): boolean => root.of === 'list';

function addComposite(
  world: World,
  actor: Actor,
  id: number,
  kind: 'sub' | 'multi' | 'interleaved',
  direction: number,
  parts: readonly Part[],
): void {
  const made = describe(world, actor, id, kind, direction, null);
  made.parts = parts;
  for (const { of } of parts) of.uses++;
}

function stretch(world: World, pick: Pick, of: Description): { offset: number; length: number } {
  const offset = pick.offset(of.length, world.pageSize);
  return { offset, length: 1 + pick.offset(of.length - offset, world.pageSize) };
}

export const compositeCommands = {
  withSubRange(world: World, pick: Pick): void {
    if (isFull(world)) return;
    const actor = world.actor(pick);
    const of = pick.any(candidates(world, actor.holder));
    if (of === undefined) return;
    const { offset, length } = stretch(world, pick, of);
    const direction = directionOf(pick);
    assert.is(actor.call(calls.withSubRange, of.id, offset, of.length - offset + 1, direction), 0);
    const id = actor.call(calls.withSubRange, of.id, offset, length, direction);
    addComposite(world, actor, id, 'sub', direction, [{ of, start: offset, length }]);
    world.descriptions.at(-1)!.tag = of.tag;
  },

  initSubRange(world: World, pick: Pick): void {
    const sub = pick.any(
      world.descriptions.filter(({ kind, uses, prepares }) => kind === 'sub' && uses + prepares === 0),
    );
    if (sub === undefined) return;
    const actor = world.ownerOf(pick, sub);
    const of = pick.any(candidates(world, sub.owner));
    if (of === undefined) return;
    const { offset, length } = stretch(world, pick, of);
    const possible = !of.consistsOf(sub);
    assert.is(actor.call(calls.initSubRange, sub.id, of.id, offset, length, kIODirectionOutIn), possible);
    if (!possible) return;
    of.uses++;
    for (const before of sub.parts) before.of.uses--;
    sub.parts = [{ of, start: offset, length }];
    sub.direction = kIODirectionOutIn;
    sub.tag = of.tag;
  },

  withDescriptors(world: World, pick: Pick): void {
    if (isFull(world)) return;
    const actor = world.actor(pick);
    const all = candidates(world, actor.holder).filter(({ roots }) => roots.length < 3);
    if (all.length === 0) return;
    const parts = Array.from({ length: 1 + pick.upTo(3) }, () => pick.of(all));
    const direction = directionOf(pick);
    const id = actor.call(
      calls.withDescriptors,
      parts.map((of) => of.id),
      direction,
      pick.once(2),
    );
    const pageable = parts.map((one) => one.pageable);
    if (pageable.includes(true) && pageable.includes(false)) return assert.is(id, 0);
    addComposite(
      world,
      actor,
      id,
      'multi',
      direction,
      parts.map((of) => ({ of, start: 0, length: of.length })),
    );
    world.descriptions.at(-1)!.tag = parts.find(({ tag }) => tag !== 0)?.tag ?? 0;
    world.descriptions.at(-1)!.pageable = pageable[0]!;
  },

  interleaved(world: World, pick: Pick): void {
    if (isFull(world)) return;
    const actor = world.actor(pick);
    const direction = directionOf(pick);
    addComposite(world, actor, actor.call(calls.interleavedWithCapacity, 2, direction), 'interleaved', direction, []);
  },

  setMemoryDescriptor(world: World, pick: Pick): void {
    const into = pick.any(world.descriptions.filter(({ kind, uses }) => kind === 'interleaved' && uses === 0));
    if (into === undefined) return;
    const actor = world.ownerOf(pick, into);
    const of = pick.any(candidates(world, into.owner));
    if (of === undefined) return;
    const { offset, length } = stretch(world, pick, of);
    const possible = !into.flagged && into.parts.length < 2 && !of.consistsOf(into);
    assert.is(actor.call(calls.interleavedSetMemoryDescriptor, into.id, of.id, offset, length), possible);
    if (!possible) return;
    into.parts = [...into.parts, { of, start: offset, length }];
    of.uses++;
  },

  /** It completes the parts once, and lets go of them; that it is prepared it forgets with the next complete. */
  clearMemoryDescriptors(world: World, pick: Pick): void {
    const from = pick.any(
      world.descriptions.filter(
        ({ kind, uses, prepares, roots }) =>
          kind === 'interleaved' && uses === 0 && prepares < 2 && roots.every(({ busy }) => busy === 0),
      ),
    );
    if (from === undefined) return;
    const actor = world.ownerOf(pick, from);
    actor.call(calls.clearMemoryDescriptors, from.id, 0);
    for (const { of } of from.parts) {
      if (from.flagged) of.complete();
      of.uses--;
    }
    from.parts = [];
  },

  guardPages(world: World, pick: Pick): void {
    if (isFull(world)) return;
    const actor = world.actor(pick);
    const pages = 1 + pick.upTo(2);
    const id = actor.call(calls.guardPagesWithSize, pages * world.pageSize - 1);
    const range = { address: 0, length: pages * world.pageSize };
    const root = new Root(world.pageSize, 'guard', [range], null, world.newPages(pages));
    describe(world, actor, id, 'general', kIODirectionOutIn, root);
  },
};
