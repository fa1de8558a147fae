/**
 * Wakeup trees (Abdulla, Aronis, Jonsson and Sagonas, POPL 2014): beginnings of executions that are still to be explored from a point of the
 * present one. The branches of a point are a list, in the order in which they are to be taken; -1 is the empty one.
 */
/** In place of a number of choices: the step is put behind one that it raced with, which may have made it impossible. */
export const again = -1;

export class WakeupTrees {
  actors = new Int32Array(64);
  variants = new Int32Array(64);
  footprints = new Int32Array(64);
  /** How many of its step's choices were answered elsewhere, the others being free; or `again`. */
  fixed = new Int32Array(64);
  /** Branch → its first continuation, and the branch beside it. */
  child = new Int32Array(64);
  next = new Int32Array(64);
  private used = 0;
  private free = -1;

  clear(): void {
    this.used = 0;
    this.free = -1;
  }

  add(actor: number, variant: number, footprint: number, fixed: number): number {
    let node = this.free;
    if (node >= 0) this.free = this.next[node]!;
    else {
      node = this.used++;
      if (node === this.actors.length) this.grow();
    }
    this.actors[node] = actor;
    this.variants[node] = variant;
    this.footprints[node] = footprint;
    this.fixed[node] = fixed;
    this.child[node] = -1;
    this.next[node] = -1;
    return node;
  }

  /** The branch is taken: what it was is known elsewhere. */
  remove(node: number): void {
    this.next[node] = this.free;
    this.free = node;
  }

  private grow(): void {
    for (const name of ['actors', 'variants', 'footprints', 'fixed', 'child', 'next'] as const) {
      const larger = new Int32Array(this[name].length * 2);
      larger.set(this[name]);
      this[name] = larger;
    }
  }
}
