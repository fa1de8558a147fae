/** Replays made by hand, as the engine would return them. */
import type { Failure, Replay, Site, TraceStep } from '../../src/explore/results.ts';

const file = 'scripts/scenarios/double-fetch.ts';

/** 'client:12 store32(0x1000, 4096)'; an exclamation mark in front where the switch to it was a preemption. */
export function trace(...lines: string[]): TraceStep[] {
  const operations = new Map<string, number>();
  return lines.map((text, index) => {
    const match = /^(!?)([\w.]+):(\d+) (.*)$/.exec(text);
    if (match === null) throw new Error(`not a step: ${text}`);
    const [, mark, thread = '', line, description = ''] = match;
    const operation = operations.get(thread) ?? 0;
    operations.set(thread, operation + 1);
    return { step: index + 1, thread, operation, description, file, line: Number(line), preemption: mark === '!' };
  });
}

const site = (thread: string, operation: number, role: string, description: string, line: number): Site => ({
  ...{ thread, operation, role, description, file, line },
  column: 25,
});

export const failure: Failure = {
  rule: 'double-fetch',
  level: 'fail',
  message: 'kernel.submit read 0x1000 twice, and client changed it in between',
  threads: ['client', 'kernel.submit'],
  sites: [
    site('kernel.submit', 2, 'first fetch', 'load32(0x1000) = 16', 21),
    site('client', 0, 'store between', 'store32(0x1000, 4096)', 12),
    site('kernel.submit', 3, 'second fetch', 'load32(0x1000) = 4096', 22),
  ],
  token: 'wd1:3kf9-2a',
  execution: 12,
  occurrences: 87,
  steps: 6,
  preemptions: 1,
  traceHash: '0123456789abcdef',
  confirmed: true,
};

export function replayOf(steps: TraceStep[], changes: Partial<Replay> = {}): Replay {
  return {
    scenario: 'driver checks the length, then reads it again',
    memoryModel: 'sc',
    carrier: 'threads',
    token: failure.token,
    parted: null,
    failure,
    others: [],
    notes: [],
    threads: ['client', 'kernel.submit'],
    trace: steps,
    traceHash: failure.traceHash,
    outcome: null,
    logs: [],
    ...changes,
  };
}

export const doubleFetch = replayOf(
  trace(
    'kernel.submit:18 prepare() = kIOReturnSuccess',
    'kernel.submit:19 map() = map 7',
    'kernel.submit:21 load32(0x1000) = 16',
    '!client:12 store32(0x1000, 4096)',
    'kernel.submit:22 load32(0x1000) = 4096',
    'kernel.submit:24 complete() = kIOReturnSuccess',
  ),
);
