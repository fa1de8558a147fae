/** What user code threw, as text: anything can be thrown, also what has no text and what throws when it is asked for it. */
export function textOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown);
  } catch {
    return Object.prototype.toString.call(thrown);
  }
}
