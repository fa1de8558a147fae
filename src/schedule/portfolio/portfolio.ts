/**
 * Several strategies under one name, each for what it is good at. It begins with two serial orders, whose races are turned round (flips.ts), then goes
 * through all its members; a circle in the order of locks that they have shown is tried at once (lock-circles.ts). After the first executions, which one
 * explorer does one after the other, the members take turns in every second one; of the others, half are greybox's, which alone does as well with a hundred
 * threads as with three, and half go to members by lot, in proportion to how many new reads-from pairs each has been the first to show in its turns: a
 * small bandit, which all explorers play alike, since pairs and the executions that showed them first are lessons of greybox (execution.md, rule 6).
 *
 * In the first executions every member measures along, whoever decides, so that each knows lengths and objects when its turn comes.
 *
 * No guarantee but those of its members, in the executions that are theirs: `pct:3` has one of sixteen at least.
 */
import type { Intents } from '../../machine/intents.ts';
import type { Lessons, Measured, Schedule, Strategy, Watched } from '../../machine/schedule.ts';
import { Generator } from '../generator.ts';
import { GreyboxStrategy } from '../greybox/greybox.ts';
import { executionOfValue, isPair } from '../greybox/reads-from.ts';
import { PctStrategy } from '../pct.ts';
import { PartialOrderSampling } from '../pos.ts';
import type { SeededStrategy } from '../seeded-strategy.ts';
import { SelectiveRandomWalk } from '../surw.ts';
import { UniformRandomWalk } from '../urw.ts';
import { Flips } from './flips.ts';
import { LockCircles } from './lock-circles.ts';
import { OneDelay } from './one-delay.ts';

type Drawing = SeededStrategy & Pick<Schedule, 'watch' | 'countsSteps'>;

interface Member {
  /** As `--strategy` takes it, where it can be had alone. */
  readonly title: string;
  readonly strategy: Drawing;
}

// Members in the order of their turns.
const surw = 0;
const greybox = 1;
const flips = 2;
const pos = 3;
const urw = 4;
/**
 * Who decides the executions from 1 on, as long as every one is taught by the one before: those that are directed, while there is anything to be directed at,
 * and then those that draw lots.
 */
const beginning = [...Array<number>(11).fill(flips), surw, greybox, surw, pos, urw];
/** Up to here `greybox` follows every execution, and pairs count for the bandit. */
const lastFollowed = 2048;
/** Apart from the streams of the members. */
const streamOfBandit = 0x9e3779b9;

export class Portfolio implements Strategy {
  readonly name = 'portfolio';
  readonly countsSteps = true;
  readonly repeated = false;
  readonly lessons: Lessons;
  private readonly members: readonly Member[];
  private readonly greybox: GreyboxStrategy;
  private readonly circles: LockCircles;
  private readonly directed: Member;
  private readonly flips: Flips;
  private readonly all: readonly Drawing[];
  /** Who decides the execution in hand, and who measures along. */
  private leader: Member;
  private readonly followers: Drawing[] = [];
  private readonly generator = new Generator();
  /** Member → its weight in the lots of the bandit. */
  private readonly weights: number[];
  private version = 0;

  constructor(private readonly seed: number) {
    this.greybox = new GreyboxStrategy(seed);
    this.circles = new LockCircles(seed);
    this.directed = { title: this.circles.name, strategy: this.circles };
    this.flips = new Flips(seed);
    this.members = [
      { title: 'surw', strategy: new SelectiveRandomWalk(seed) },
      { title: 'greybox', strategy: this.greybox },
      { title: 'flips', strategy: this.flips },
      { title: 'pos', strategy: new PartialOrderSampling(seed) },
      { title: 'urw', strategy: new UniformRandomWalk(seed) },
      { title: 'pct:3', strategy: new PctStrategy(seed, 3) },
      { title: 'pct:10', strategy: new PctStrategy(seed, 10) },
      { title: 'serial', strategy: new OneDelay(seed) },
    ];
    this.all = [...this.members, this.directed].map(({ strategy }) => strategy);
    this.leader = this.directed;
    this.weights = this.members.map(() => 1);
    this.lessons = new LessonsOfAll(this.all);
  }

  /** The member that decides the execution in hand. */
  get part(): string {
    return this.leader.title;
  }

  watch(intents: Intents, execution: Watched): void {
    for (const strategy of this.all) strategy.watch?.(intents, execution);
  }

  begin(number: number): boolean {
    this.followers.length = 0;
    if (number <= beginning.length) {
      for (const strategy of this.all) strategy.begin(number);
      const wanted = beginning[number - 1]!;
      if (this.circles.aim()) this.leader = this.directed;
      else this.leader = this.members[wanted === flips && !this.flips.aim() ? surw : wanted]!;
      for (const strategy of this.all) if (strategy !== this.leader.strategy) this.followers.push(strategy);
      return true;
    }
    this.leader = this.members[this.memberFor(number)]!;
    this.leader.strategy.begin(number);
    if (this.leader.strategy === this.flips && !this.flips.draw()) {
      this.leader = this.members[surw]!;
      this.leader.strategy.begin(number);
    }
    if (number > lastFollowed || this.leader.strategy === this.greybox) return true;
    this.greybox.begin(number);
    this.followers.push(this.greybox);
    return true;
  }

  pick(runnable: Int32Array, count: number, current: number, steps: number): number {
    const { strategy } = this.leader;
    const asks = count > 1 || strategy.countsSteps === true;
    const actor = asks ? strategy.pick(runnable, count, current, steps) : runnable[0]!;
    for (let i = 0; i < this.followers.length; i++) {
      const follower = this.followers[i]!;
      if (count > 1 || follower.countsSteps === true) follower.follow(runnable, count, actor);
    }
    return actor;
  }

  choose(n: number): number {
    return this.leader.strategy.choose(n);
  }

  end(): void {
    this.leader.strategy.end();
    for (const follower of this.followers) follower.end();
  }

  restart(): void {
    for (const strategy of this.all) strategy.restart();
  }

  private memberFor(number: number): number {
    if (number % 2 === 0) return this.inTurn(number);
    return number % 4 === 1 ? greybox : this.drawn(number);
  }

  private inTurn(number: number): number {
    return (number / 2) % this.members.length;
  }

  private drawn(number: number): number {
    this.weigh();
    this.generator.seed(this.seed ^ streamOfBandit, number);
    let ticket = this.generator.below(this.weights.reduce((sum, weight) => sum + weight, 0));
    let member = 0;
    while ((ticket -= this.weights[member]!) >= 0) member++;
    return member;
  }

  /** Counts for each member the pairs that it was the first to show in its turns: everybody has had as many of these. */
  private weigh(): void {
    const { lessons } = this.greybox;
    if (this.version === lessons.version) return;
    this.version = lessons.version;
    this.weights.fill(1);
    for (const key of lessons.keys()) {
      const first = executionOfValue(lessons.of(key));
      if (!isPair(key) || first <= beginning.length || first > lastFollowed || first % 2 === 1) continue;
      this.weights[this.inTurn(first)]!++;
    }
  }
}

/** Each member's lessons have keys below this. */
const keys = 2 ** 48;

/** The lessons of several strategies, told apart by their keys. */
class LessonsOfAll implements Lessons {
  constructor(private readonly strategies: readonly Drawing[]) {}

  adopt(): void {
    for (const { lessons } of this.strategies) lessons?.adopt();
  }

  measured(): Measured {
    return this.strategies.flatMap(({ lessons }, i) =>
      (lessons?.measured() ?? []).map(([key, value]) => [key + i * keys, value] as const),
    );
  }

  reset(measured: Measured): void {
    const parts: [number, number][][] = this.strategies.map(() => []);
    for (const [key, value] of measured) parts[Math.floor(key / keys)]!.push([key % keys, value]);
    for (const [i, part] of parts.entries()) this.strategies[i]!.lessons?.reset(part);
  }
}
