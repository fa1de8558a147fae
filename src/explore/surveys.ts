/**
 * What one explorer knows of the tops of trees, so that it surveys each only once, however many shares it explores: a survey is a function of
 * what is a scheduling point, and of the tier.
 */
import type { InlineMachine } from '../machine/inline-machine.ts';
import { Shares, type Tree } from '../schedule/shares.ts';
import { makeTree } from '../schedule/strategies.ts';
import type { ExecutionSettings } from './explorer.ts';
import type { ReachedPages } from './reached-pages.ts';

/** Share `index`, from 0, of `count` of a tier (schedule/shares.ts). */
export interface Share {
  readonly tier: number;
  readonly index: number;
  readonly count: number;
}

/** The last tree that was surveyed, and who had reached what when that was over. */
interface Survey {
  readonly key: string;
  readonly shares: Shares<unknown>;
  readonly pages: ReachedPages;
}

export class Surveys {
  private last: Survey | null = null;

  constructor(
    private readonly settings: ExecutionSettings,
    private readonly machine: InlineMachine,
    private readonly pages: ReachedPages,
  ) {}

  /** The share, before its first execution, to which all is known of pages that the survey has shown. Of no use once `isStopped`. */
  share(points: readonly number[], { tier, index, count }: Share, isStopped: () => boolean): Shares<unknown> {
    const key = `${tier} ${count} ${points}`;
    if (this.last?.key === key) this.pages.putBack(this.last.pages);
    else this.last = { key, shares: this.survey(points, tier, count, isStopped), pages: this.pages.copy() };
    const { shares } = this.last;
    if (isStopped()) this.last = null;
    shares.take(index);
    return shares;
  }

  private survey(points: readonly number[], tier: number, count: number, isStopped: () => boolean): Shares<unknown> {
    const { settings, machine, pages } = this;
    pages.forget();
    pages.begin(points);
    const tree: Tree<unknown> = makeTree(settings.strategy, settings);
    const shares = new Shares(tree, tier, count);
    while (!isStopped() && shares.survey()) {
      machine.run(tree);
      tree.end(machine.trace.steps);
      shares.look();
    }
    return shares;
  }
}
