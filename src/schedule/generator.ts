/**
 * Random numbers of schedules: sfc32 (Chris Doty-Humphrey's "small fast counter" generator, 32-bit), seeded by campaign seed and
 * execution number. Our own, because seeds must mean the same for ever and must not depend on a dependency.
 */
export class Generator {
  private a = 0;
  private b = 0;
  private c = 0;
  private counter = 1;

  /** Starts the stream that belongs to a pair of numbers. */
  seed(seed: number, stream: number): void {
    this.a = mix(seed | 0);
    this.b = mix((stream | 0) ^ 0x9e3779b9);
    this.c = mix(this.a ^ Math.floor(stream / 2 ** 32));
    this.counter = 1;
    for (let i = 0; i < 4; i++) this.next();
  }

  /** 32 random bits, unsigned. */
  next(): number {
    const t = (this.a + this.b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + t;
    this.c |= 0;
    return t >>> 0;
  }

  /** A number from 0 to n - 1, n up to 2^20: the bias is below n / 2^32. */
  below(n: number): number {
    return Math.floor((this.next() * n) / 2 ** 32);
  }
}

function mix(value: number): number {
  let x = Math.imul(value ^ (value >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}
