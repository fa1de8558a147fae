/**
 * A tree of schedules in shares, so that several explorers try all of it and nothing twice: a survey of its top, level by level, until there
 * are several times as many subtrees as shares, which are then dealt in turn. The survey depends on nothing but the scenario and on what is a
 * scheduling point, so whoever makes it comes to the same subtrees. Its executions count for nobody: each is one of the subtree that it led to.
 */
import type { Strategy } from '../machine/schedule.ts';

/** A strategy that enumerates, of whose tree parts can be explored by themselves. A `Root` is how all executions of a subtree begin. */
export interface Tree<Root> extends Strategy {
  /** Only what is had in tier `tier`, from 0: what `dfs` goes through one after the other. Nothing was cut off yet. */
  enter(tier: number): void;
  /** The tier after the present one, as far as that was walked; null where it leaves nothing out. */
  readonly nextTier: number | null;
  /** How every execution begins. */
  readonly top: Root;
  /** Only what begins as `root` is left to be had; in a survey, one execution for each way to go on from there by one choice. */
  confine(root: Root, survey: boolean): void;
  /**
   * The subtree that the execution of the survey was the first one of: it begins as the root, and goes on by one choice. The root itself
   * where no choice was left after it; null where all that begins so is had in another subtree.
   */
  subtree(): Root | null;
}

/** Subtrees for each share, where there are as many: sizes differ, and in sum less so. */
const subtrees = 8;
/** Where branches are rare, levels are not gone down for ever. */
const longestSurvey = 4;

export class Shares<Root> {
  /** Subtrees that may have branches, and those that are one execution. */
  private readonly open: Root[];
  private readonly whole: Root[] = [];
  /** The one that is looked at. */
  private root: Root | null = null;
  private surveyed = 0;
  /** What a share has left, and the tier after this one as the survey knows it. */
  private left: Root[] = [];
  private isUnder = false;
  private nextOfSurvey: number | null = null;

  /** @param count how many shares */
  constructor(
    readonly tree: Tree<Root>,
    private readonly tier: number,
    private readonly count: number,
  ) {
    this.open = [tree.top];
    tree.enter(tier);
  }

  /** Readies the tree for the next execution of the survey, which comes before everything else. False when it is over. */
  survey(): boolean {
    const { tree, open, whole } = this;
    while (this.root === null || !tree.begin(0)) {
      const isEnough = open.length + whole.length >= subtrees * this.count;
      if (isEnough || open.length === 0 || this.surveyed >= longestSurvey * subtrees * this.count) {
        this.nextOfSurvey = tree.nextTier;
        return false;
      }
      this.root = open.shift()!;
      tree.confine(this.root, true);
    }
    this.surveyed++;
    return true;
  }

  /** An execution of the survey has ended. */
  look(): void {
    const subtree = this.tree.subtree();
    if (subtree !== null) (subtree === this.root ? this.whole : this.open).push(subtree);
  }

  /** Share `share`, from 0, is to be explored. */
  take(share: number): void {
    this.left = [...this.whole, ...this.open].filter((_, i) => i % this.count === share);
    this.isUnder = false;
    this.tree.enter(this.tier);
  }

  /** As `Strategy.begin`, of the share. */
  begin(): boolean {
    while (!this.isUnder || !this.tree.begin(0)) {
      const root = this.left.shift();
      if (root === undefined) return false;
      this.tree.confine(root, false);
      this.isUnder = true;
    }
    return true;
  }

  /** The tier that comes after this one; null where the share, and the survey, leave nothing for one. */
  get nextTier(): number | null {
    const tiers = [this.tree.nextTier, this.nextOfSurvey].filter((tier) => tier !== null);
    return tiers.length === 0 ? null : Math.min(...tiers);
  }
}
