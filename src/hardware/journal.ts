/** In place of a key: an item was added at the end; one was taken out, for which no list has such a place. */
const appended = undefined;
const removedFrom = (at: number): number => -1 - at;
const placeOf = (key: number): number => -1 - key;

/**
 * The undo journal: every change that an execution makes to kernel, tables or memory passes through here, so that rolling
 * back costs what was touched and never what exists. (Rejected: copying state before each execution, which costs its size.)
 *
 * Two lists suffice. Words of typed arrays are restored by value; fields and structures of objects by value or by a function.
 * The two never describe the same thing, so each is undone newest first without regard to the other.
 */
export class Journal {
  /** Goes up with every base and every rollback: what was kept since then is kept, and its first value is the one that counts. */
  era = 0;
  /** While false (during `setup`, on a machine that is never reset) nothing is kept. */
  recording = false;

  private arrays: Int32Array[] = [];
  private indexes = new Uint32Array(1024);
  private words = new Int32Array(1024);
  private wordCount = 0;

  private targets: unknown[] = [];
  private keys: unknown[] = [];
  private values: unknown[] = [];
  private fieldCount = 0;

  private readonly listeners: (() => void)[] = [];
  private readonly baseListeners: (() => void)[] = [];

  /** Changes recorded since the base; what the next rollback will cost. */
  get length(): number {
    return this.wordCount + this.fieldCount;
  }

  /** Keeps the word that is about to be overwritten. */
  save(array: Int32Array, index: number): void {
    if (!this.recording) return;
    const at = this.wordCount++;
    if (at === this.words.length) this.grow();
    // Mostly it is the same one as before the last rollback, and a reference costs more to write than to read.
    if (this.arrays[at] !== array) this.arrays[at] = array;
    this.indexes[at] = index;
    this.words[at] = array[index]!;
  }

  /** Writes one word of a table, keeping the old one. */
  word(array: Int32Array, index: number, value: number): void {
    if (this.recording) this.save(array, index);
    array[index] = value;
  }

  /** Sets a field of a kernel object, keeping the old value. */
  set<T extends object, K extends keyof T>(target: T, key: K, value: T[K]): void {
    this.keep(target, key);
    target[key] = value;
  }

  /** Keeps the value of a field that is about to be written. */
  keep<T extends object>(target: T, key: keyof T): void {
    if (this.recording) this.push(target, key, target[key]);
  }

  /** Adds `item` to the end of a list. Here, as in `remove`, a function for `undo` would be a good part of what a small call costs. */
  append<T>(list: T[], item: T): void {
    list.push(item);
    if (this.recording) this.push(list, appended, undefined);
  }

  /** Takes the item at place `at`, which is there, out of a list. */
  remove<T>(list: T[], at: number): T {
    const item = list[at]!;
    if (at === list.length - 1) list.pop();
    else if (at === 0) list.shift();
    else list.splice(at, 1);
    if (this.recording) this.push(list, removedFrom(at), item);
    return item;
  }

  /** Records how to take back a structural change that has just been made. */
  undo(take: () => void): void {
    if (this.recording) this.push(take, null, null);
  }

  /** Calls `listener` after every rollback, for caches that must not outlive what they cached. */
  onRollback(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Calls `listener` whenever `base` is: to tell what there is from what comes later, or to bring it into a form to return to. */
  onBase(listener: () => void): void {
    this.baseListeners.push(listener);
  }

  /** From here on changes are recorded; this state is what `rollback` returns to. */
  base(): void {
    this.stop();
    for (const listener of this.baseListeners) listener();
    this.era++;
    this.recording = true;
  }

  /** Stops recording; the present state stays. */
  stop(): void {
    this.forget();
    this.recording = false;
  }

  /** Undoes everything since `base`. */
  rollback(): void {
    for (let at = this.wordCount - 1; at >= 0; at--) this.arrays[at]![this.indexes[at]!] = this.words[at]!;
    this.wordCount = 0;
    if (this.fieldCount > 0) this.undoFields();
    this.era++;
    for (let i = 0; i < this.listeners.length; i++) this.listeners[i]!();
  }

  private undoFields(): void {
    const recording = this.recording;
    this.recording = false;
    while (this.fieldCount > 0) {
      const at = --this.fieldCount;
      const target = this.targets[at];
      const key = this.keys[at];
      if (key === null) (target as () => void)();
      else if (key === appended) (target as unknown[]).pop();
      else if (typeof key === 'number' && key < 0) (target as unknown[]).splice(placeOf(key), 0, this.values[at]);
      else (target as Record<PropertyKey, unknown>)[key as PropertyKey] = this.values[at];
      this.targets[at] = undefined;
      this.values[at] = undefined;
    }
    this.recording = recording;
  }

  private push(target: unknown, key: unknown, value: unknown): void {
    const at = this.fieldCount++;
    this.targets[at] = target;
    this.keys[at] = key;
    this.values[at] = value;
  }

  private forget(): void {
    this.wordCount = 0;
    this.fieldCount = 0;
    this.targets.length = 0;
    this.values.length = 0;
    this.keys.length = 0;
  }

  private grow(): void {
    const indexes = new Uint32Array(this.indexes.length * 2);
    indexes.set(this.indexes);
    this.indexes = indexes;
    const words = new Int32Array(this.words.length * 2);
    words.set(this.words);
    this.words = words;
  }
}
