/** Types of instances.mjs, for code that imports it by a computed URL: `typeof import('../../scripts/instances.mjs')`. */
export function registerInstances(from: string | URL): Promise<void>;
export function importInstance(file: string | URL, instance: number | string): Promise<Record<string, unknown>>;
export function withoutInstance(text: string): string;
