/** How a sleep in the kernel may be broken off, and how it ended, as Mach numbers them (osfmk/kern/kern_types.h). */
export const THREAD_UNINT = 0;
export const THREAD_INTERRUPTIBLE = 1;
export const THREAD_ABORTSAFE = 2;

export const THREAD_AWAKENED = 0;
export const THREAD_TIMED_OUT = 1;
