/** "Did you mean": the known word that is fewest typing mistakes away, when that is few enough to be one. */
export function suggest(word: string, known: readonly string[]): string | null {
  let best: string | null = null;
  let fewest = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const distance = candidate.startsWith(word) && word.length >= 3 ? 1 : mistakes(word, candidate);
    if (distance >= fewest) continue;
    best = candidate;
    fewest = distance;
  }
  return best;
}

export const didYouMean = (word: string, known: readonly string[], prefix = ''): string => {
  const suggestion = suggest(word, known);
  return suggestion === null ? '' : `, did you mean ${prefix}${suggestion}?`;
};

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function mistakes(a: string, b: string): number {
  const table = Array.from({ length: a.length + 1 }, (_, row) =>
    Array.from({ length: b.length + 1 }, (_, c) => row || c),
  );
  const at = (row: number, column: number): number => table[row]?.[column] ?? Number.POSITIVE_INFINITY;
  for (let row = 1; row <= a.length; row++) {
    for (let column = 1; column <= b.length; column++) {
      const replaced = at(row - 1, column - 1) + (a[row - 1] === b[column - 1] ? 0 : 1);
      const swapped =
        a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1] ? at(row - 2, column - 2) + 1 : replaced;
      (table[row] as number[])[column] = Math.min(at(row - 1, column) + 1, at(row, column - 1) + 1, replaced, swapped);
    }
  }
  return at(a.length, b.length);
}
