/**
 * What it saves that only accesses to pages which others have reached are scheduling points (execution.md, rule 1): decisions of the
 * schedule over the gallery, against the same executions with a point before every access. Counts, so the machine does not matter.
 */
import { readdirSync } from 'node:fs';
import { Explorer, flag } from '../../src/explore/explorer.ts';
import { loadScenario } from '../../src/machine/scenario-loader.ts';
import type { Schedule } from '../../src/machine/schedule.ts';
import { Generator } from '../../src/schedule/generator.ts';
import { settingsOf } from './campaign-settings.ts';
import { type Figure, thousands } from './measure.ts';

const executions = 100;
const settings = settingsOf('random');

/** A random walk that counts what it is asked. */
class Counting implements Schedule {
  readonly countsSteps = true;
  asked = 0;
  private readonly generator = new Generator();

  begin(execution: number): void {
    this.generator.seed(1, execution);
  }

  pick(runnable: Int32Array, count: number): number {
    this.asked++;
    return runnable[this.generator.below(count)]!;
  }

  choose(n: number): number {
    return this.generator.below(n);
  }
}

/** Decisions over the executions; `everywhere`: before each access, whoever has reached its page. */
async function decisions(url: string, everywhere: boolean): Promise<number> {
  const explorer = new Explorer(await loadScenario(url, null), settings);
  const { frames } = explorer.machine.state.kernel.hardware.frames;
  const points = everywhere ? Array.from({ length: frames }, (_, frame) => frame) : [];
  explorer.explore({ from: 1, to: 64, points, widenAtOnce: true }, new Int32Array(flag.words));
  const schedule = new Counting();
  for (let execution = 1; execution <= executions; execution++) {
    schedule.begin(execution);
    explorer.execute(schedule);
  }
  return schedule.asked;
}

export async function pointsFigure(): Promise<Figure> {
  const folder = new URL('../scenarios/', import.meta.url);
  const saved: { name: string; part: number }[] = [];
  let [few, all] = [0, 0];
  for (const file of readdirSync(folder).sort()) {
    const { href } = new URL(file, folder);
    const [some, every] = [await decisions(href, false), await decisions(href, true)];
    few += some;
    all += every;
    saved.push({ name: file.replace('.ts', ''), part: 1 - some / every });
  }
  saved.sort((a, b) => b.part - a.part);
  const told = (part: number): string => `${(100 * part).toFixed(0)} %`;
  const most = saved[0]!;
  return {
    name: `decisions over ${saved.length} scenarios of the gallery, ${executions} executions each, against a point at every access`,
    target: 'fewer',
    value: `${told(1 - few / all)} saved`,
    reached: few < all,
    behind: `${thousands(few)} against ${thousands(all)}; ${most.name} ${told(most.part)}, median ${told(saved[saved.length >> 1]!.part)}`,
  };
}
