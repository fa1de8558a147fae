/** A list of numbers that is asked for the next one that is large enough: in steps that grow with the logarithm of its length. */
export class MaxTree {
  /** Node n has the larger of nodes 2n and 2n + 1; the second half is the list, filled up with what nobody asks for. */
  private tree = new Float64Array(2).fill(-1);
  private half = 1;

  private length = 0;

  /** Puts `value`, 0 or more, before what is at that place: as much work as there are numbers. */
  insert(at: number, value: number): void {
    if (this.length === this.half) {
      const values = this.tree.subarray(this.half);
      this.half *= 2;
      this.tree = new Float64Array(2 * this.half).fill(-1);
      this.tree.set(values, this.half);
    }
    const { tree, half } = this;
    tree.copyWithin(half + at + 1, half + at, half + this.length++);
    tree[half + at] = value;
    this.rebuild();
  }

  remove(at: number): void {
    const { tree, half } = this;
    tree.copyWithin(half + at, half + at + 1, half + this.length);
    tree[half + --this.length] = -1;
    this.rebuild();
  }

  set(at: number, value: number): void {
    const { tree } = this;
    let node = at + this.half;
    tree[node] = value;
    for (node >>= 1; node > 0; node >>= 1) tree[node] = Math.max(tree[2 * node]!, tree[2 * node + 1]!);
  }

  /** The first place from `from` on that has `least` or more; -1 when there is none. */
  next(from: number, least: number): number {
    const { tree, half } = this;
    if (from >= half) return -1;
    let node = from + half;
    while (tree[node]! < least) {
      while ((node & 1) === 1) node >>= 1;
      if (node === 0) return -1;
      node++;
    }
    while (node < half) {
      node *= 2;
      if (tree[node]! < least) node++;
    }
    return node - half;
  }

  private rebuild(): void {
    const { tree, half } = this;
    for (let node = half - 1; node > 0; node--) tree[node] = Math.max(tree[2 * node]!, tree[2 * node + 1]!);
  }
}
