/** Types of yielding.mjs, for tests. */
export function compileThreads(text: string): string | null;
