/**
 * What threads use, in places that are each used as a whole: bytes of memory that every access has all of or none of, and resources of
 * the kernel that several threads use and somebody changes.
 *
 * Executions teach which bytes belong together, and which resources are shared. What was planned by other places means nothing any more:
 * `changed` says so.
 */

/** In place of a thread: several use it, or nobody does. */
const several = -1;
const nobody = -2;
/** In place of a place: nobody shares it. */
export const unshared = -1;
export class Places {
  /** Since it was last set to false, a piece of memory has fallen apart, or a resource has become a place. */
  changed = false;
  /** Memory, ascending: where each piece begins and ends, and its only user or `several`. Pieces need not touch. */
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];
  private readonly users: number[] = [];
  /** Resource of the kernel → its only user or `several`; whether somebody has changed it. */
  private readonly kernelUsers: number[] = [];
  private readonly isChanged: boolean[] = [];

  /** Places are numbered from 0: pieces of memory, then resources of the kernel. The numbers hold until something is used. */
  get firstKernel(): number {
    return this.starts.length;
  }

  get count(): number {
    return this.starts.length + this.kernelUsers.length;
  }

  /** `thread` uses these bytes. */
  useMemory(start: number, end: number, thread: number): void {
    let at = start;
    let piece = this.pieceAt(start);
    while (at < end) {
      if (piece === this.starts.length || this.starts[piece]! >= end) {
        this.insert(piece, at, end, thread);
        return;
      }
      const from = this.starts[piece]!;
      if (from > at) this.insert(piece++, at, from, thread);
      else if (from < at) {
        this.split(piece++, at);
        continue;
      }
      if (this.ends[piece]! > end) this.split(piece, end);
      if (this.users[piece] !== thread) this.users[piece] = several;
      at = this.ends[piece++]!;
    }
  }

  /** @param use of a resource of the kernel, as FootprintReader has it */
  useKernel(use: number, thread: number): void {
    const resource = use >> 1;
    for (let next = this.kernelUsers.length; next <= resource; next++) {
      this.kernelUsers.push(nobody);
      this.isChanged.push(false);
    }
    const before = this.ofKernel(use);
    const user = this.kernelUsers[resource]!;
    if (user !== thread) this.kernelUsers[resource] = user === nobody ? thread : several;
    if ((use & 1) !== 0) this.isChanged[resource] = true;
    if (before === unshared && this.ofKernel(use) !== unshared) this.changed = true;
  }

  /** The first piece of memory that ends after `address`. */
  pieceAt(address: number): number {
    let low = 0;
    let high = this.starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.ends[middle]! > address) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Whether the piece, if there is one, begins before `address`. */
  beginsBefore(piece: number, address: number): boolean {
    return piece < this.starts.length && this.starts[piece]! < address;
  }

  isShared(piece: number): boolean {
    return this.users[piece] === several;
  }

  /** The place of the resource that is used, or `unshared`. */
  ofKernel(use: number): number {
    const resource = use >> 1;
    const isPlace = this.kernelUsers[resource] === several && this.isChanged[resource]!;
    return isPlace ? this.starts.length + resource : unshared;
  }

  private insert(piece: number, start: number, end: number, user: number): void {
    this.starts.splice(piece, 0, start);
    this.ends.splice(piece, 0, end);
    this.users.splice(piece, 0, user);
  }

  private split(piece: number, at: number): void {
    this.changed = true;
    this.insert(piece + 1, at, this.ends[piece]!, this.users[piece]!);
    this.ends[piece] = at;
  }
}
