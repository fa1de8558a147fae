/** The return codes of Mach's VM, under Mach's names (xnu-reference 2.11). Some of them leak out of I/O Kit unchanged. */
export const KERN_SUCCESS = 0;
export const KERN_INVALID_ADDRESS = 1;
export const KERN_PROTECTION_FAILURE = 2;
export const KERN_NO_SPACE = 3;
export const KERN_INVALID_ARGUMENT = 4;
export const KERN_RESOURCE_SHORTAGE = 6;
export const KERN_MEMORY_ERROR = 10;
export const KERN_ABORTED = 14;
export const KERN_INVALID_RIGHT = 17;

export type KernReturn = number;

const words: Record<KernReturn, string> = {
  [KERN_INVALID_ADDRESS]: 'not mapped',
  [KERN_PROTECTION_FAILURE]: 'protected',
  [KERN_NO_SPACE]: 'no space',
  [KERN_INVALID_ARGUMENT]: 'bad address',
  [KERN_RESOURCE_SHORTAGE]: 'out of memory',
  [KERN_MEMORY_ERROR]: 'bad address',
};

/** What a code means, in the words of `MemoryFault.reason`. */
export function kernReturnText(code: KernReturn): string {
  return words[code] ?? `code ${code}`;
}
