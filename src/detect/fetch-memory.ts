/**
 * What is known about single bytes while an execution is read for double fetches: their value, who stored to them last, and when
 * each reader (a privileged thread) looked at them last and saw what. Bytes are numbered in the order in which they are met.
 */
import { PlaceTable } from './place-table.ts';

/** A value that the trace does not prove. */
export const unknown = -1;

const bytesOfPlace = 8;

export class FetchMemory {
  /** By byte: its value, or unknown. */
  values = new Int16Array(64 * bytesOfPlace);
  /** By byte: 1 + the place in the trace of the last store to it; 0 for none. */
  writers = new Int32Array(64 * bytesOfPlace);
  /** By reader and byte (`lookOf`): 1 + the place in the trace of its last look; 0 for none. */
  looks: Int32Array;
  /** Likewise: the value it saw. */
  seen: Int16Array;
  /** Place → 1 + its index. */
  private readonly places = new PlaceTable();
  // The place asked for last: bytes are asked for in turn.
  private lastPlace = -1;
  private lastIndex = 0;

  constructor(private readonly readers: number) {
    this.looks = new Int32Array(this.writers.length * readers);
    this.seen = new Int16Array(this.writers.length * readers);
  }

  begin(): void {
    this.places.clear();
    this.lastPlace = -1;
  }

  /** The number of the byte at `physical`. The eight bytes of an aligned place follow each other. */
  byteAt(physical: number): number {
    const place = (physical / bytesOfPlace) | 0;
    if (place !== this.lastPlace) {
      const { places } = this;
      const word = places.enter(place);
      if (places.words[word] === 0) {
        places.words[word] = places.count;
        this.add(places.count - 1);
      }
      this.lastIndex = places.words[word]! - 1;
      this.lastPlace = place;
    }
    return this.lastIndex * bytesOfPlace + ((physical - place * bytesOfPlace) | 0);
  }

  lookOf(byte: number, reader: number): number {
    return byte * this.readers + reader;
  }

  /**
   * @param own as `lookOf` answers it
   * @param place 1 + that in the trace
   */
  noteLook(own: number, place: number, value: number): void {
    this.looks[own] = place;
    this.seen[own] = value;
  }

  /** The bytes have become other memory. */
  forget(physical: number, length: number): void {
    for (let place = physical / bytesOfPlace; place < (physical + length) / bytesOfPlace; place++) {
      const word = this.places.find(place);
      if (word >= 0) this.clear(this.places.words[word]! - 1);
    }
  }

  private add(index: number): void {
    if (index * bytesOfPlace === this.values.length) this.grow();
    this.clear(index);
  }

  private clear(index: number): void {
    const from = index * bytesOfPlace;
    const to = from + bytesOfPlace;
    this.values.fill(unknown, from, to);
    this.writers.fill(0, from, to);
    this.looks.fill(0, from * this.readers, to * this.readers);
  }

  private grow(): void {
    const { values, writers, looks, seen } = this;
    this.values = new Int16Array(values.length * 2);
    this.values.set(values);
    this.writers = new Int32Array(writers.length * 2);
    this.writers.set(writers);
    this.looks = new Int32Array(looks.length * 2);
    this.looks.set(looks);
    this.seen = new Int16Array(seen.length * 2);
    this.seen.set(seen);
  }
}
