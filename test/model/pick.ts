/**
 * The choices of one command: drawn from a few numbers, which fast-check makes smaller, and from what follows of them. What the
 * last commands were about is chosen again half of the time: much goes wrong only after several steps with the same thing.
 */
export class Pick {
  private drawn = 0;
  private mixed = 0;

  /** @param recent what was chosen last, the latest first: kept up by this */
  constructor(
    private readonly numbers: readonly number[],
    private readonly recent: object[] | null = null,
  ) {}

  /** A number from 0 to `count - 1`. */
  upTo(count: number): number {
    return this.next() % Math.max(1, count);
  }

  /** True once in `count` times, and never for the simplest numbers. */
  once(count: number): boolean {
    return this.upTo(count) === count - 1;
  }

  of<T>(list: readonly T[]): T {
    const drawn = this.next();
    const isOdd = drawn % 2 === 1;
    const again = isOdd ? this.recent?.find((known) => list.includes(known as T)) : undefined;
    const chosen = (again ?? list[(this.recent === null ? drawn : drawn >> 1) % Math.max(1, list.length)]) as T;
    if (typeof chosen === 'object' && chosen !== null) this.note(chosen);
    return chosen;
  }

  /** One of `list`, undefined when it is empty. */
  any<T>(list: readonly T[]): T | undefined {
    return this.of(list) as T | undefined;
  }

  /** Below `most`; at the edges of pages more often than elsewhere. */
  offset(most: number, pageSize: number): number {
    const number = this.next();
    return (
      (number % 3 === 0 ? (number >> 2) * pageSize + ((number >> 1) % 3) - 1 + pageSize : number * 97) %
      Math.max(1, most)
    );
  }

  private note(chosen: object): void {
    if (this.recent === null) return;
    const at = this.recent.indexOf(chosen);
    if (at >= 0) this.recent.splice(at, 1);
    this.recent.unshift(chosen);
    this.recent.splice(mostRecent);
  }

  private next(): number {
    const number = this.numbers[this.drawn++];
    if (number !== undefined) {
      this.mixed = (this.mixed * 31 + number) % 65_521;
      return number;
    }
    this.mixed = (this.mixed * 137 + 7 * this.drawn) % 65_521;
    return this.mixed >> 3;
  }
}

/** How many of what was chosen last are known. */
const mostRecent = 8;
