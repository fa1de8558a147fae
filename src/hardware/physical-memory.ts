/**
 * Physical memory: one SharedArrayBuffer, read and written little-endian by physical address. The only place where a byte of
 * simulated memory is touched.
 *
 * Aligned accesses of 32 bits go through one view of words; bytes go through views of at most 1 GiB each, because Node 20
 * cannot make a longer Uint8Array than 4 GiB.
 */
const bankShift = 30;
const bankSize = 2 ** bankShift;

export class PhysicalMemory {
  readonly size: number;
  /** The whole memory as signed words: what `Atomics` and the journal work on. */
  readonly words: Int32Array;
  readonly unsignedWords: Uint32Array;
  private readonly banks: Uint8Array[] = [];
  private readonly firstBank: Uint8Array;

  constructor(readonly buffer: SharedArrayBuffer) {
    this.size = buffer.byteLength;
    this.words = new Int32Array(buffer);
    this.unsignedWords = new Uint32Array(buffer);
    for (let at = 0; at < this.size; at += bankSize) {
      this.banks.push(new Uint8Array(buffer, at, Math.min(bankSize, this.size - at)));
    }
    this.firstBank = this.banks[0]!;
  }

  load8(address: number): number {
    if (address < bankSize) return this.firstBank[address]!;
    return this.bank(address)[address % bankSize]!;
  }

  store8(address: number, value: number): void {
    if (address < bankSize) this.firstBank[address] = value;
    else this.bank(address)[address % bankSize] = value;
  }

  load16(address: number): number {
    return this.load8(address) | (this.load8(address + 1) << 8);
  }

  store16(address: number, value: number): void {
    this.store8(address, value & 0xff);
    this.store8(address + 1, (value >>> 8) & 0xff);
  }

  /** Any alignment; an aligned word is read in one piece. */
  load32(address: number): number {
    if ((address & 3) === 0) return this.unsignedWords[address / 4]!;
    return (this.load16(address) | (this.load16(address + 2) << 16)) >>> 0;
  }

  store32(address: number, value: number): void {
    if ((address & 3) === 0) {
      this.words[address / 4] = value;
    } else {
      this.store16(address, value & 0xffff);
      this.store16(address + 2, value >>> 16);
    }
  }

  store64(address: number, low: number, high: number): void {
    this.store32(address, low);
    this.store32(address + 4, high);
  }

  /** Copies `length` bytes at `address` into `target` from index `at`. */
  read(address: number, target: Uint8Array, at: number, length: number): void {
    target.set(this.view(address, length), at);
  }

  /** Copies `length` bytes of `source` from index `at` to `address`. */
  write(address: number, source: Uint8Array, at: number, length: number): void {
    const whole = at === 0 && length === source.length;
    this.view(address, length).set(whole ? source : source.subarray(at, at + length));
  }

  /** Fills whole words with zero; `address` and `length` are multiples of 4. */
  zero(address: number, length: number): void {
    this.words.fill(0, address / 4, (address + length) / 4);
  }

  /** Whether a range of whole words holds nothing but zero. */
  isZero(address: number, length: number): boolean {
    const end = (address + length) / 4;
    for (let at = address / 4; at < end; at++) if (this.words[at] !== 0) return false;
    return true;
  }

  /** The bytes themselves. A fresh view is made in less time than a part of a view that there is. */
  private view(address: number, length: number): Uint8Array {
    if (address + length > this.size) throw outside(address);
    return new Uint8Array(this.buffer, address, length);
  }

  private bank(address: number): Uint8Array {
    const bank = this.banks[Math.floor(address / bankSize)];
    if (bank === undefined) throw outside(address);
    return bank;
  }
}

const outside = (address: number): RangeError =>
  new RangeError(`physical address 0x${address.toString(16)} is outside of memory`);
