/**
 * Where pages lie that were paged out. The kernel does no I/O: a store is injected, and whether it is a file or memory makes no
 * difference to anything above.
 */
export interface SwapStore {
  /** Keeps a page of bytes in `slot`, in place of what was there. */
  write(slot: number, page: Uint8Array): void;
  /** Copies what was last written to `slot` into `page`. */
  read(slot: number, page: Uint8Array): void;
  /** The machine is gone; nothing is read or written any more. */
  close(): void;
}

export class MemorySwapStore implements SwapStore {
  private readonly slots = new Map<number, Uint8Array>();

  write(slot: number, page: Uint8Array): void {
    this.slots.set(slot, page.slice());
  }

  read(slot: number, page: Uint8Array): void {
    page.set(this.slots.get(slot)!);
  }

  close(): void {
    this.slots.clear();
  }
}
