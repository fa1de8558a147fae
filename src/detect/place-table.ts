/**
 * Numbers of places (physical addresses, handles, keys) to a word each. Tables over these are as small as what one execution
 * touches, however large memory is.
 *
 * Everything is forgotten at once, which is done before each execution, by a new stamp: an entry with another one is free.
 * All in one array, because each event of a campaign is looked up here and a second array would be a second miss of the cache.
 */
const entrySize = 4;
// An entry: stamp, lower and upper half of the key, the word.
const wordField = 3;

export class PlaceTable {
  /** Places met. */
  count = 0;
  /** Words are read and written here, at what `enter` and `find` return. Replaced when the table grows. */
  words = new Int32Array(64 * entrySize);
  private stamp = 1;
  private mask = 63;
  private shift = 26;

  clear(): void {
    this.count = 0;
    if (++this.stamp === 2 ** 31 - 1) {
      this.words.fill(0);
      this.stamp = 1;
    }
  }

  /** Where the word of `key` stands, or -1 when it was not met. Keys are whole numbers from 0 to 2^53. */
  find(key: number): number {
    const entry = this.search(key | 0, upperHalf(key));
    return this.words[entry] === this.stamp ? entry + wordField : -1;
  }

  /** Where the word of `key` stands, which is 0 when it was not met. Good until the next call. */
  enter(key: number): number {
    const low = key | 0;
    const high = upperHalf(key);
    let entry = this.search(low, high);
    if (this.words[entry] !== this.stamp) {
      if (this.count++ * 2 > this.mask) {
        this.grow();
        entry = this.search(low, high);
      }
      this.put(entry, low, high, 0);
    }
    return entry + wordField;
  }

  /** The entry that has the key, or the free one where it would go. */
  private search(low: number, high: number): number {
    const { words, stamp, mask } = this;
    for (let slot = Math.imul(low, 0x9e3779b1) >>> this.shift; ; slot = (slot + 1) & mask) {
      const entry = slot * entrySize;
      if (words[entry] !== stamp || (words[entry + 1] === low && words[entry + 2] === high)) return entry;
    }
  }

  private put(entry: number, low: number, high: number, word: number): void {
    const { words } = this;
    words[entry] = this.stamp;
    words[entry + 1] = low;
    words[entry + 2] = high;
    words[entry + wordField] = word;
  }

  private grow(): void {
    const old = this.words;
    this.words = new Int32Array(old.length * 2);
    this.mask = this.mask * 2 + 1;
    this.shift--;
    for (let entry = 0; entry < old.length; entry += entrySize) {
      if (old[entry] !== this.stamp) continue;
      const [low, high] = [old[entry + 1]!, old[entry + 2]!];
      this.put(this.search(low, high), low, high, old[entry + wordField]!);
    }
  }
}

const upperHalf = (key: number): number => (key * 2 ** -32) | 0;
