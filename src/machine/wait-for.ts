/** Who waits for whom, in words: what a deadlock is reported with. A cycle is named first, then those that wait beside it. */

export interface Wait {
  /** Name of the thread that waits. */
  readonly thread: string;
  /** What it waits for: 'the map lock of client'. */
  readonly subject: string;
  /** Name of the thread that alone can end the wait; null when anybody may. */
  readonly holder: string | null;
}

/** The waits of a cycle, each held up by the next one's thread; empty when there is no cycle. Starts with its first in `waits`. */
export function waitCycle(waits: readonly Wait[]): Wait[] {
  const byThread = new Map(waits.map((wait) => [wait.thread, wait]));
  for (const start of waits) {
    const path = [start];
    for (;;) {
      const holder = path.at(-1)!.holder;
      if (holder === start.thread) return path;
      const next = holder === null ? undefined : byThread.get(holder);
      // A cycle that does not come back to `start` is found from one of its own threads.
      if (next === undefined || path.includes(next)) break;
      path.push(next);
    }
  }
  return [];
}

/** One line: "a waits for the map lock of client held by b, b waits for the map lock of kernel held by a". */
export function describeWaits(waits: readonly Wait[]): string {
  const cycle = waitCycle(waits);
  const beside = waits.filter((wait) => !cycle.includes(wait));
  const lines = [cycle, beside].filter((part) => part.length > 0).map((part) => part.map(describeWait).join(', '));
  return lines.join('; besides, ');
}

function describeWait({ thread, subject, holder }: Wait): string {
  return `${thread} waits for ${subject}${holder === null ? '' : ` held by ${holder === thread ? 'itself' : holder}`}`;
}
