/** What is wrong with what the user gave: the two kinds that the command line tells apart by exit status. */

/** Wrong usage: an option out of range, a malformed token. Exit status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Wrong usage as well: options that are each in range, and not together. */
export class UsageRangeError extends RangeError {
  override readonly name = 'UsageError';
}

/** The scenario cannot be loaded, is not deterministic, hangs, or does not fit the token. Exit status 3. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError';
}
