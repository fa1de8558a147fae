/** The model of maps: pages of a descriptor that a space shows, and who still needs them. */
import {
  kIOMapAnywhere,
  kIOMapCacheMask,
  kIOMapGuardedMask,
  kIOMapOverwrite,
  kIOMapReadOnly,
  kIOMapUnique,
} from '../../src/iokit/options.ts';
import type { Description } from './descriptions.ts';
import type { Page } from './pages.ts';
import { read, readWrite } from './root.ts';
import type { TaskModel, World } from './world.ts';

export interface MapRequest {
  readonly task: TaskModel;
  /** Where, unless the options say anywhere. */
  readonly at: number;
  readonly options: number;
  readonly offset: number;
  readonly length: number;
}

export class Mapping {
  /** Task's number → the references that it has. */
  readonly held = new Map<number, number>();
  /** Maps of a part of it, and connections that keep it. */
  kept = 0;
  /** Address of the first byte; 0 once it is unmapped. */
  address: number;
  /** Address of a page → how often it is wired by this map. */
  readonly wired = new Map<number, number>();

  /**
   * @param holder the descriptor that it maps, and `offset` where in it it begins
   * @param range the pages that are its own to unmap; null for what was there already
   */
  constructor(
    private readonly world: World,
    readonly id: number,
    public holder: Description,
    /** Whose space shows it; null once it is unmapped. */
    public task: TaskModel | null,
    address: number,
    public offset: number,
    readonly length: number,
    readonly options: number,
    readonly whole: Mapping | null,
    readonly range: { readonly address: number; readonly pages: number; readonly guards: number } | null,
  ) {
    this.address = address;
    if (whole !== null) whole.kept++;
    holder.uses++;
    world.mappings.push(this);
  }

  get isReadOnly(): boolean {
    return (this.options & kIOMapReadOnly) !== 0;
  }

  hold(owner: number): this {
    this.held.set(owner, (this.held.get(owner) ?? 0) + 1);
    return this;
  }

  drop(owner: number): void {
    this.held.set(owner, this.held.get(owner)! - 1);
    this.endUnlessNeeded();
  }

  dropAll(owner: number): void {
    if ((this.held.get(owner) ?? 0) === 0) return;
    this.held.set(owner, 0);
    this.endUnlessNeeded();
  }

  letGo(): void {
    this.kept--;
    this.endUnlessNeeded();
  }

  /** Takes the memory away from whoever holds it. */
  unmap(): void {
    // What was mapped over something else stays, since that is gone.
    if (this.task !== null && this.range !== null && (this.options & kIOMapOverwrite) === 0)
      this.task.space.hide(this.range.address, this.range.pages);
    this.forget();
  }

  /** Shows another descriptor from now on; among its maps it is the newest. */
  moveTo(holder: Description, offset: number): void {
    this.offset = offset;
    if (holder === this.holder) return;
    this.holder.uses--;
    holder.uses++;
    this.holder = holder;
    const { mappings } = this.world;
    mappings.push(...mappings.splice(mappings.indexOf(this), 1));
  }

  taskDied(task: TaskModel): void {
    if (this.task === task) this.forget();
  }

  private forget(): void {
    this.task = null;
    this.address = 0;
    this.wired.clear();
  }

  private endUnlessNeeded(): void {
    if (this.kept > 0 || [...this.held.values()].some((count) => count > 0)) return;
    const { mappings } = this.world;
    if (!mappings.includes(this)) return;
    mappings.splice(mappings.indexOf(this), 1);
    this.unmap();
    this.holder.uses--;
    this.whole?.letGo();
  }
}

/** The first map that a request shares, all of it or a part; undefined when it needs one of its own. */
export function sharedBy(world: World, holder: Description, { task, at, options, offset, length }: MapRequest) {
  if ((options & kIOMapUnique) !== 0) return undefined;
  const { documented } = world;
  const isThere = (one: Mapping): boolean =>
    (options & kIOMapAnywhere) !== 0 || at === one.address + (documented ? offset - one.offset : 0);
  return world.mappings.find(
    (one) =>
      one.holder === holder &&
      one.task === task &&
      one.offset <= offset &&
      one.offset + one.length >= offset + length &&
      !(documented && (one.options & kIOMapUnique) !== 0) &&
      isThere(one) &&
      ((one.options ^ options) & (kIOMapReadOnly | kIOMapGuardedMask)) === 0 &&
      ((options & kIOMapCacheMask) === 0 || ((one.options ^ options) & kIOMapCacheMask) === 0),
  );
}

/** Whether the request names a range of its task that is there already, so that nothing is mapped. */
export function isThereAlready(
  world: World,
  { root }: Description,
  { task, options, offset, length }: MapRequest,
): boolean {
  if (root === null || root.of === 'guard' || root.space !== task.space || root.ranges.length !== 1 || offset !== 0)
    return false;
  if ((options & kIOMapAnywhere) === 0 || (options & (kIOMapUnique | kIOMapGuardedMask)) !== 0) return false;
  return (
    length <= root.ranges[0]!.length && (!world.documented || (options & (kIOMapReadOnly | kIOMapCacheMask)) === 0)
  );
}

/** The pages that a new map shows, with their rights; null when there can be none. Takes the references that it needs. */
export function viewOf(
  world: World,
  holder: Description,
  { options, offset, length }: MapRequest,
): { readonly page: Page | null; readonly rights: number }[] | null {
  const readOnly = (options & kIOMapReadOnly) !== 0;
  const needsNoWrite = readOnly && (options & kIOMapCacheMask) === 0;
  const { root } = holder;
  if (root?.of === 'guard')
    return Array.from({ length: Math.ceil(((offset % world.pageSize) + length) / world.pageSize) }, () => ({
      page: null,
      rights: 0,
    }));
  if (root !== null) {
    if (!root.takeReference(holder.direction, needsNoWrite)) return null;
    if (!root.takeSnapshot(holder.direction, needsNoWrite)) return null;
    const rights = root.viewRights(readOnly ? read : readWrite, world.documented);
    if (rights === 0) return null;
    return root.mapped(offset, length).flatMap((pages) => pages.map((page) => ({ page, rights })));
  }
  if (holder.kind === 'interleaved') return null;
  const shown: { page: Page | null; rights: number }[] = [];
  let before = 0;
  for (const { of, start, length: bytes } of holder.parts) {
    const from = Math.max(offset, before);
    const to = Math.min(offset + length, before + bytes);
    if (from < to) {
      const view = viewOf(world, of, {
        task: world.kernel,
        at: 0,
        options,
        offset: start + from - before,
        length: to - from,
      });
      if (view === null) return null;
      shown.push(...view);
    }
    before += bytes;
  }
  return shown;
}

/** Whether its parts meet at page boundaries, so that they can lie one after the other. */
export function isAligned(world: World, holder: Description, offset: number, length: number): boolean {
  const { pageSize } = world;
  const pieces = piecesOf(world, holder, offset, length);
  return pieces.every(
    ({ address, length: bytes }, i) =>
      (i === 0 || address % pageSize === 0) && (i === pieces.length - 1 || (address + bytes) % pageSize === 0),
  );
}

/** Where in its first page it begins. */
export function pageOffsetOf(world: World, holder: Description, offset: number): number {
  return piecesOf(world, holder, offset, 1)[0]!.address % world.pageSize;
}

/** The ranges behind bytes `offset` to `offset + length`. */
function piecesOf(
  world: World,
  holder: Description,
  offset: number,
  length: number,
): { address: number; length: number }[] {
  const found: { address: number; length: number }[] = [];
  let before = 0;
  const add = (bytes: number, piece: (skip: number, count: number) => void): void => {
    const from = Math.max(offset, before);
    const to = Math.min(offset + length, before + bytes);
    if (from < to) piece(from - before, to - from);
    before += bytes;
  };
  if (holder.root !== null)
    for (const range of holder.root.ranges)
      add(range.length, (skip, count) => found.push({ address: range.address + skip, length: count }));
  else
    for (const { of, start, length: bytes } of holder.parts)
      add(bytes, (skip, count) => found.push(...piecesOf(world, of, start + skip, count)));
  return found;
}
