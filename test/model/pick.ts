/** The choices of one command: drawn from a few numbers, which fast-check makes smaller, and from what follows of them. */
export class Pick {
  private drawn = 0;
  private mixed = 0;

  constructor(private readonly numbers: readonly number[]) {}

  /** A number from 0 to `count - 1`. */
  upTo(count: number): number {
    return this.next() % Math.max(1, count);
  }

  /** True once in `count` times, and never for the simplest numbers. */
  once(count: number): boolean {
    return this.upTo(count) === count - 1;
  }

  of<T>(list: readonly T[]): T {
    return list[this.upTo(list.length)]!;
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
