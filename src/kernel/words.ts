/**
 * A list of words: doubles, with bytes packed eight to a word. What is written is checked by whoever encodes (wire.ts); what is read is
 * trusted by nobody.
 */

/** Words that are no encoding of what was expected: a forged request, or a fault of wiredown. */
export class Malformed extends Error {
  override readonly name = 'Malformed';
}

// Names of threads, locks, interrupts: so short that a byte at a time is faster than to have a text encoded or decoded.
const longestName = 32;
const lastOfAscii = 0x7f;

/** So many are copied one by one: `set` takes longer to begin than they do. */
const fewWords = 16;

/** A growing list of words with a place to read from. */
export class Words {
  data!: Float64Array;
  /** The same words, two numbers each: equal bits are not always equal numbers. */
  bits!: Uint32Array;
  bytes!: Uint8Array;
  length = 0;
  at = 0;

  /** Over `data`, which is fixed in size when it is shared memory. */
  constructor(data: Float64Array = new Float64Array(64)) {
    this.lieIn(data);
  }

  /** From here on they are those of `data`. */
  lieIn(data: Float64Array): void {
    this.data = data;
    this.bits = new Uint32Array(data.buffer, data.byteOffset, data.length * 2);
    this.bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }

  clear(): void {
    this.length = 0;
    this.at = 0;
  }

  put(word: number): void {
    if (this.length === this.data.length) this.reserve(1);
    this.data[this.length++] = word;
  }

  take(): number {
    if (this.at >= this.length) throw new Malformed('the words end too early');
    return this.data[this.at++]!;
  }

  putBytes(bytes: Uint8Array): void {
    this.put(bytes.length);
    const words = Math.ceil(bytes.length / 8);
    this.reserve(words);
    if (words > 0) this.data[this.length + words - 1] = 0;
    this.bytes.set(bytes, this.length * 8);
    this.length += words;
  }

  /** A copy of the bytes. */
  takeBytes(): Uint8Array {
    const count = this.takeByteCount();
    const start = this.at * 8;
    this.at += Math.ceil(count / 8);
    const copy = new Uint8Array(count);
    copy.set(this.bytes.subarray(start, start + count));
    return copy;
  }

  /** As `putBytes`, for a short text of ASCII; false, and nothing is put, where it is another. */
  putName(text: string): boolean {
    const { length } = text;
    if (length > longestName) return false;
    for (let i = 0; i < length; i++) if (text.charCodeAt(i) > lastOfAscii) return false;
    this.put(length);
    const words = Math.ceil(length / 8);
    this.reserve(words);
    if (words > 0) this.data[this.length + words - 1] = 0;
    for (let i = 0, at = this.length * 8; i < length; i++) this.bytes[at + i] = text.charCodeAt(i);
    this.length += words;
    return true;
  }

  /** What `putName` has put; null, and nothing is taken, where something else is next. */
  takeName(): string | null {
    const before = this.at;
    const count = this.takeByteCount();
    const start = this.at * 8;
    let name = count > longestName ? null : '';
    for (let i = 0; i < count && name !== null; i++) {
      const byte = this.bytes[start + i]!;
      name = byte > lastOfAscii ? null : name + String.fromCharCode(byte);
    }
    this.at = name === null ? before : this.at + Math.ceil(count / 8);
    return name;
  }

  private takeByteCount(): number {
    const count = this.take();
    if (!Number.isInteger(count) || count < 0 || count > (this.length - this.at) * 8)
      throw new Malformed(`${count} bytes`);
    return count;
  }

  /** Appends `count` words of `source` from `from`, bit for bit. */
  copy(source: Float64Array, from: number, count: number): void {
    this.reserve(count);
    const { data, length } = this;
    let i = 0;
    // Packed bytes may look like any NaN, which an engine may exchange for another where it is copied as a number.
    while (i < count && i < fewWords && !Number.isNaN(source[from + i])) data[length + i] = source[from + i++]!;
    if (i < count) data.set(source.subarray(from + i, from + count), length + i);
    this.length += count;
  }

  reserve(count: number): void {
    if (this.length + count <= this.data.length) return;
    if (this.data.buffer instanceof SharedArrayBuffer) {
      throw new RangeError(`a request of more than ${this.data.byteLength} bytes does not fit into its slot`);
    }
    const data = new Float64Array(Math.max(this.data.length * 2, this.length + count));
    data.set(this.data);
    this.lieIn(data);
  }
}
