/**
 * Why a schedule fails: the fewest pairs of its steps whose order, turned round, makes the failure vanish, all else being left as
 * near as it can be. Such a pair is what a lock, a message or another order of statements has to rule out. (hermit's `analyze` looks
 * for the same between a failing and a passing run; here the passing run is made from the failing one.)
 *
 * Only pairs of steps that may touch the same thing are turned round: one alone, then two together.
 */
import type { Finding } from '../detect/finding.ts';
import { isAccess, isLoad, isStep, Kind, type Trace } from '../kernel/trace.ts';
import { type Run, type Runs, RunsSchedule } from '../schedule/runs.ts';
import type { Reproducer } from './reproducer.ts';

/** Pairs of either sort that are turned round alone, and those of them that are turned round two at a time: each costs an execution. */
const mostAlone = 300;
const mostTogether = 20;
/** Pairs lie at most so many steps apart. */
const farthest = 1000;

/** Numbers of two steps of different actors, from 0; the first one comes first where it fails. */
export type Pair = readonly [first: number, second: number];

interface Step {
  readonly actor: number;
  /** How many steps of its actor come before it. */
  readonly nth: number;
  readonly kind: number;
  readonly subject: number;
  readonly physical: number;
  readonly length: number;
}

export class Explainer {
  constructor(private readonly reproducer: Reproducer) {}

  /** The pairs for what `runs` break, `rule` among it; empty where none were found. */
  explain({ runs, choices }: Runs, rule: Finding['rule']): readonly Pair[] {
    const broken = this.attempt({ runs, choices });
    if (!broken.some((finding) => finding.rule === rule)) return [];
    const isKnown = (now: Finding): boolean =>
      now.level === 'note' || broken.some((before) => before.rule === now.rule);
    const steps = stepsOf(this.reproducer.machine.trace);
    const pairs = pairsOf(steps);
    const vanishes = (flips: readonly Pair[]): boolean => {
      const turned = reordered(steps, flips);
      if (turned === null) return false;
      const now = this.attempt({ runs: turned, choices });
      if (!now.every((finding) => finding.rule !== rule && isKnown(finding))) return false;
      const happened = stepsOf(this.reproducer.machine.trace);
      return flips.every(([first, second]) => comesBefore(happened, steps[second]!, steps[first]!));
    };
    for (const pair of pairs) if (vanishes([pair])) return [pair];
    for (let i = 1; i < Math.min(pairs.length, mostTogether); i++)
      for (let j = 0; j < i; j++) if (vanishes([pairs[j]!, pairs[i]!])) return [pairs[j]!, pairs[i]!];
    return [];
  }

  private attempt(runs: Runs): readonly Finding[] {
    return [...this.reproducer.attempt(new RunsSchedule(runs))];
  }
}

function stepsOf(trace: Trace): Step[] {
  const counts = new Map<number, number>();
  const steps: Step[] = [];
  for (let at = 0; at < trace.length; at = trace.after(at)) {
    if (!isStep(trace.kindAt(at))) continue;
    const actor = trace.actorAt(at);
    const nth = counts.get(actor) ?? 0;
    counts.set(actor, nth + 1);
    const { words } = trace;
    const touched = { subject: words[at + 2]!, physical: words[at + 3]!, length: words[at + 4]! };
    steps.push({ actor, nth, kind: trace.kindAt(at), ...touched });
  }
  return steps;
}

/** Pairs that conflict, those that touch the same bytes first: a kernel call is a more distant cause. Among them the closest first. */
function pairsOf(steps: readonly Step[]): Pair[] {
  const pairs: Pair[] = [];
  for (const conflict of [touchSameBytes, mayTouchTheSame]) {
    const most = pairs.length + mostAlone;
    for (let distance = 1; distance < Math.min(steps.length, farthest) && pairs.length < most; distance++) {
      for (let first = 0; first + distance < steps.length && pairs.length < most; first++) {
        const [one, other] = [steps[first]!, steps[first + distance]!];
        if (one.actor !== other.actor && conflict(one, other)) pairs.push([first, first + distance]);
      }
    }
  }
  return pairs;
}

function touchSameBytes(one: Step, other: Step): boolean {
  if (!isAccess(one.kind) || !isAccess(other.kind) || (isLoad(one.kind) && isLoad(other.kind))) return false;
  return one.physical < other.physical + other.length && other.physical < one.physical + one.length;
}

/** What a kernel call touches is not looked into: it may be anything. */
function mayTouchTheSame(one: Step, other: Step): boolean {
  if (isPrivate(one.kind) || isPrivate(other.kind)) return false;
  return !isAccess(one.kind) || !isAccess(other.kind);
}

const isPrivate = (kind: number): boolean => kind >= Kind.Choose && kind <= Kind.Random;

/** The order of `steps` with the second step of each pair before the first one; null where that goes round in a circle. */
function reordered(steps: readonly Step[], flips: readonly Pair[]): Run[] | null {
  const done = new Uint8Array(steps.length);
  const runs: { actor: number; steps: number }[] = [];
  for (let from = 0; from < steps.length; ) {
    const next = firstFree(steps, from, done, flips);
    if (next === steps.length) return null;
    done[next] = 1;
    while (done[from] === 1) from++;
    const { actor } = steps[next]!;
    const last = runs.at(-1);
    if (last?.actor === actor) last.steps++;
    else runs.push({ actor, steps: 1 });
  }
  return runs;
}

/** The first step from `from` on that neither is done nor has to wait for another one; `steps.length` when there is none. */
function firstFree(steps: readonly Step[], from: number, done: Uint8Array, flips: readonly Pair[]): number {
  // Whoever waits does nothing that comes later either.
  const waiting = new Set<number>();
  let next = from;
  for (; next < steps.length; next++) {
    const { actor } = steps[next]!;
    if (done[next] === 1 || waiting.has(actor)) continue;
    const waits = flips.some(([first, second]) => first === next && done[second] === 0);
    if (!waits) break;
    waiting.add(actor);
  }
  return next;
}

/** Whether both steps were taken, the same ones, and `one` before `other`. */
function comesBefore(happened: readonly Step[], one: Step, other: Step): boolean {
  const placeOf = ({ actor, nth, kind, subject }: Step): number =>
    happened.findIndex(
      (step) => step.actor === actor && step.nth === nth && step.kind === kind && step.subject === subject,
    );
  const place = placeOf(one);
  return place >= 0 && place < placeOf(other);
}
