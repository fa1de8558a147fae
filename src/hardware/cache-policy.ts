/**
 * What a cache mode means for an access: whether it goes through the data cache, and when a store reaches memory. Modes are numbered
 * as I/O Kit's cache options (kIOMapCacheMask); translations hold them.
 */

/** The default: lines are filled by loads and stores, and written back later. */
export const writeBack = 0;
/** As write-back, but a store goes to memory at once as well. */
export const writeThrough = 1;
/** Past the cache: to memory itself, and nothing is kept. What devices do, too. */
export const uncached = 2;

export const inhibitCache = 1;
const writeThruCache = 2;
const copybackCache = 3;
const copybackInnerCache = 5;

/** By mode. Write-combined, posted and real-time memory gathers stores on their way, which is not modelled: it is uncached. */
const policies = new Uint8Array(64).fill(uncached);
policies[0] = writeBack;
policies[writeThruCache] = writeThrough;
policies[copybackCache] = writeBack;
policies[copybackInnerCache] = writeBack;

export const policyOf = (mode: number): number => policies[mode]!;
