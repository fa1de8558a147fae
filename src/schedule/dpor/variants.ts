/**
 * What `choose` answered within a step, as a number: 0 for a step that did not ask. A step that was answered otherwise is another step.
 */
export const noChoices = 0;

export class Variants {
  private readonly parents = [0];
  private readonly values = [0];
  /** Of how many the value was chosen. */
  private readonly ways = [0];
  private readonly lengths = [0];
  /** Variant → one that goes on from it, and another one that goes on from the same; 0 for none. */
  private readonly children = [0];
  private readonly siblings = [0];

  /** `variant`, and then `value` out of `ways`. */
  and(variant: number, value: number, ways: number): number {
    for (let known = this.children[variant]!; known !== 0; known = this.siblings[known]!)
      if (this.values[known] === value && this.ways[known] === ways) return known;
    const result = this.parents.length;
    this.parents.push(variant);
    this.values.push(value);
    this.ways.push(ways);
    this.lengths.push(this.lengths[variant]! + 1);
    this.children.push(0);
    this.siblings.push(this.children[variant]!);
    this.children[variant] = result;
    return result;
  }

  /** How many choices there were. */
  length(variant: number): number {
    return this.lengths[variant]!;
  }

  /** The answer to choice number `place`. */
  value(variant: number, place: number): number {
    let at = variant;
    while (this.lengths[at]! > place + 1) at = this.parents[at]!;
    return this.values[at]!;
  }

  /** Its first `length` choices. */
  first(variant: number, length: number): number {
    let at = variant;
    while (this.lengths[at]! > length) at = this.parents[at]!;
    return at;
  }

  /** Where the choices after the first `fixed` go next: the beginning of a variant, or -1 when they have been everywhere. */
  after(variant: number, fixed: number): number {
    for (let at = variant; this.lengths[at]! > fixed; at = this.parents[at]!) {
      const next = this.values[at]! + 1;
      if (next < this.ways[at]!) return this.and(this.parents[at]!, next, this.ways[at]!);
    }
    return -1;
  }
}
