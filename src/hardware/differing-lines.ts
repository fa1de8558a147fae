/**
 * The cache lines that differ from memory, in a list: what can be evicted so that somebody might notice. Two counts are kept, because
 * an exploration asks only about pages that more than one has reached, while a token, which is to fit whatever pages those are,
 * counts all lines.
 */
import type { Journal } from './journal.ts';

const listed = 0;
const eligible = 1;
const headerWords = 16;

export class DifferingLines {
  /** Frame → 1 where an eviction could be noticed; null: everywhere; undefined: nobody evicts, and nothing is listed. */
  private points: Uint8Array | null | undefined = undefined;
  private readonly header: Int32Array;
  private readonly list: Int32Array;
  /** Line → its place in the list, from 1; 0: it is not in it. */
  private readonly places: Int32Array;

  static words(lines: number): number {
    return headerWords + 2 * lines;
  }

  /** @param words `DifferingLines.words(lines)` of shared memory */
  constructor(
    words: Int32Array,
    lines: number,
    private readonly linesOfFrame: number,
    private readonly journal: Journal,
  ) {
    this.header = words.subarray(0, headerWords);
    this.list = words.subarray(headerWords, headerWords + lines);
    this.places = words.subarray(headerWords + lines);
  }

  /** See DataCache.watch. */
  watch(points: Uint8Array | null | undefined): void {
    this.points = points;
  }

  /** How many of them may be evicted. */
  get eligible(): number {
    return this.header[eligible]!;
  }

  /** Notes whether a line differs. */
  note(line: number, differs: boolean): void {
    if (differs === (this.places[line] !== 0) || (differs && this.points === undefined)) return;
    const { header, journal, list, places } = this;
    const change = differs ? 1 : -1;
    if (differs) {
      this.put(line, header[listed]! + 1);
    } else {
      // The last of the list takes its place.
      const last = list[header[listed]! - 1]!;
      this.put(last, places[line]!);
      journal.word(places, line, 0);
    }
    journal.word(header, listed, header[listed]! + change);
    if (this.isEligible(line)) journal.word(header, eligible, header[eligible]! + change);
  }

  /** A line that may be evicted, and its place among all; `choose` picks one of so many. There must be one. */
  pick(choose: (n: number) => number): { line: number; place: number } {
    const places: number[] = [];
    for (let place = 0; place < this.header[listed]!; place++)
      if (this.isEligible(this.list[place]!)) places.push(place);
    const place = places[choose(places.length)]!;
    return { line: this.list[place]!, place };
  }

  /** Lines from `first` to before `end` are gone, however they were; `reset` comes when all are. */
  forget(first: number, end: number): void {
    this.places.fill(0, first, end);
  }

  reset(): void {
    this.header.fill(0);
  }

  private put(line: number, place: number): void {
    this.journal.word(this.list, place - 1, line);
    this.journal.word(this.places, line, place);
  }

  private isEligible(line: number): boolean {
    const { points } = this;
    return points === null || points?.[Math.floor(line / this.linesOfFrame)] === 1;
  }
}
