/**
 * Swap in a real file, for machines on threads: one in the folder for temporary files, made when the first page goes out and
 * gone with the machine. Where the system allows it the file has lost its name from the beginning, so that nothing stays
 * behind even if the process is killed.
 */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SwapStore } from '../vm/swap-store.ts';

export class FileSwapStore implements SwapStore {
  private file = -1;
  private folder: string | null = null;

  write(slot: number, page: Uint8Array): void {
    if (this.file < 0) this.open();
    for (let done = 0; done < page.length; )
      done += writeSync(this.file, page, done, page.length - done, slot * page.length + done);
  }

  read(slot: number, page: Uint8Array): void {
    for (let done = 0; done < page.length; ) {
      const count = readSync(this.file, page, done, page.length - done, slot * page.length + done);
      if (count === 0) throw new Error(`the swap file ends before slot ${slot}`);
      done += count;
    }
  }

  close(): void {
    if (this.file >= 0) closeSync(this.file);
    this.file = -1;
    if (this.folder !== null) rmSync(this.folder, { recursive: true, force: true });
    this.folder = null;
  }

  private open(): void {
    this.folder = mkdtempSync(join(tmpdir(), 'wiredown-swap-'));
    this.file = openSync(join(this.folder, 'swap'), 'w+', 0o600);
    try {
      rmSync(this.folder, { recursive: true });
      this.folder = null;
    } catch {
      // A system that does not let go of open files: it is removed when it is closed.
    }
  }
}
