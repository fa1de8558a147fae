/** Everything that looks at a finished execution, made for the rules that are on and run in one call. */
import { CacheCoherence, rulesOfCaches } from './cache-coherence.ts';
import { DataRace } from './data-race.ts';
import { DoubleFetch } from './double-fetch.ts';
import { type ActorInfo, type Detector, type ExecutionRecord, FindingSink, type RuleSettings } from './finding.ts';
import { HappensBefore } from './happens-before.ts';
import { KernelFindings } from './kernel-findings.ts';
import { PrepareRace } from './prepare-race.ts';

export class Detectors {
  readonly sink: FindingSink;
  private readonly detectors: Detector[];
  private readonly kernelFindings: KernelFindings;

  /** @param actors in the order of their numbers, the same for every execution */
  constructor(settings: RuleSettings, actors: readonly ActorInfo[]) {
    const sink = new FindingSink(settings);
    this.sink = sink;
    this.kernelFindings = new KernelFindings(sink);
    this.detectors = [this.kernelFindings];
    const memory = sink.level('data-race') === 'off' ? null : new DataRace(actors, sink);
    const objects = sink.level('prepare-race') === 'off' ? null : new PrepareRace(actors, sink);
    const watched = rulesOfCaches.some((rule) => sink.level(rule) !== 'off');
    const caches = watched && actors.some(({ sort }) => sort === 'cache') ? new CacheCoherence(actors, sink) : null;
    if (memory !== null || objects !== null || caches !== null)
      this.detectors.push(new HappensBefore(actors.length, memory, objects, caches));
    if (sink.level('double-fetch') !== 'off') this.detectors.push(new DoubleFetch(actors, sink));
  }

  /** Reads one execution. What it broke is in `sink` until the next one: `failed`, and in `fresh` what no earlier one showed. */
  scan(record: ExecutionRecord): void {
    this.sink.begin();
    for (const detector of this.detectors) detector.scan(record);
  }

  /** Reads what was noted after the threads had ended (`check`, outcomes); adds to what `scan` found. */
  scanLate(record: ExecutionRecord): void {
    this.kernelFindings.scan(record);
  }
}
