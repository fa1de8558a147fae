/**
 * Which steps of an interleaving a person needs to see. Sites of the failure, and what stands around a switch, tell the story;
 * long runs of anything else become one row that counts them.
 */
import type { Replay, Site, TraceStep } from '../explore/results.ts';

export type Row =
  | { kind: 'step'; step: TraceStep; site: number | null }
  /** `from` could have gone on, and `to` was chosen. */
  | { kind: 'switch'; from: string; to: string }
  | { kind: 'fold'; threads: string[]; steps: number; switches: number };

/** Fewer steps than this are shown: a row that says '2 more steps' saves nothing. */
const shortestFold = 3;
/** More rows than fit a screen or two: then only less and less is kept. */
const mostRows = 80;

/** How much is kept around what is interesting, from generous to tight. */
const levels = [
  { aroundSites: 1, aroundSwitches: 1, anySwitch: true },
  { aroundSites: 1, aroundSwitches: 1, anySwitch: false },
  { aroundSites: 1, aroundSwitches: 0, anySwitch: false },
] as const;

type Level = (typeof levels)[number];

export function pictureRows(replay: Pick<Replay, 'trace' | 'failure'>): Row[] {
  const sites = siteNumbers(replay.trace, replay.failure?.sites ?? []);
  let rows: Row[] = [];
  for (const level of levels) {
    rows = build(replay.trace, sites, keptSteps(replay.trace, sites, level));
    if (rows.length <= mostRows) break;
  }
  return rows;
}

/** Index in the trace → number of the site there, from 1. An operation of several steps is marked at its first. */
function siteNumbers(trace: TraceStep[], sites: Site[]): Map<number, number> {
  const numbers = new Map<number, number>();
  sites.forEach((site, index) => {
    const at = trace.findIndex((step) => step.thread === site.thread && step.operation === site.operation);
    if (at >= 0 && !numbers.has(at)) numbers.set(at, index + 1);
  });
  return numbers;
}

function keptSteps(trace: TraceStep[], sites: Map<number, number>, level: Level): Set<number> {
  const kept = new Set<number>();
  const keep = (at: number, around: number): void => {
    for (let index = at - around; index <= at + around; index++)
      if (index >= 0 && index < trace.length) kept.add(index);
  };
  for (const at of sites.keys()) keep(at, level.aroundSites);
  trace.forEach((step, at) => {
    const isSwitch = at > 0 && (step.preemption || (level.anySwitch && step.thread !== trace[at - 1]?.thread));
    if (!isSwitch || level.aroundSwitches === 0) return;
    kept.add(at);
    kept.add(at - 1);
  });
  if (trace.length > 0) keep(trace.length - 1, 0);
  return kept;
}

function build(trace: TraceStep[], sites: Map<number, number>, kept: Set<number>): Row[] {
  const rows: Row[] = [];
  let hidden: number[] = [];
  const show = (at: number): void => {
    const step = trace[at];
    if (step === undefined) return;
    const before = trace[at - 1];
    if (step.preemption && before !== undefined) rows.push({ kind: 'switch', from: before.thread, to: step.thread });
    rows.push({ kind: 'step', step, site: sites.get(at) ?? null });
  };
  const endRun = (): void => {
    if (hidden.length < shortestFold) hidden.forEach(show);
    else rows.push(fold(trace, hidden));
    hidden = [];
  };
  for (let at = 0; at < trace.length; at++) {
    if (!kept.has(at)) {
      hidden.push(at);
      continue;
    }
    endRun();
    show(at);
  }
  endRun();
  return rows;
}

function fold(trace: TraceStep[], hidden: number[]): Row {
  const steps = hidden.map((at) => trace[at]).filter((step) => step !== undefined);
  return {
    kind: 'fold',
    threads: [...new Set(steps.map((step) => step.thread))],
    steps: steps.length,
    switches: steps.filter((step) => step.preemption).length,
  };
}
