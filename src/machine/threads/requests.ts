/**
 * What can be written into a request slot besides the number of a kernel call (0 and up). A task's slot and the main thread's
 * have their own lists: neither can ask for what belongs to the other.
 */
export const Ask = {
  /** The next step of the call that the thread is in. */
  Resume: -1,
  /** Words: current, steps, then the actors to choose from. Done: who goes next. */
  Pick: -2,
  /** Words: n. Done: a number below it. */
  Choose: -3,
  /** The function is over. Words: a `How`, then what belongs to it. */
  Ended: -4,
  /** A step of an actor that is no thread. Words: its number. */
  Tick: -5,
  Deadlock: -6,
  Livelock: -7,
  /** Words: rule, text. */
  Violation: -8,
  /** Words: frame. */
  Shared: -9,
  /** Words: text. */
  Panic: -10,
  /** Words: text. */
  Log: -11,
  /** A worker has died; look after it while nobody moves. */
  Attend: -12,
  /** An access that the kernel is to examine. Words: address, physical address, length, access. */
  Examine: -13,
  /** The thread looks in vain, as all that could run do. */
  Stuck: -14,
} as const;

/** How a thread's function ended. */
export const How = {
  /** Words: its value as plain data. */
  Returned: 0,
  /** Its `Stop` says it all. */
  Stopped: 1,
  /** Words: rule, text. */
  Uncaught: 2,
  /** What no scenario may do; words: name and message of the error that ends the execution. */
  Refused: 3,
} as const;

/** What the main thread asks. */
export const Command = {
  Replay: -20,
  Stress: -21,
  Hash: -22,
  AddThread: -23,
  Grant: -24,
  Inspect: -25,
} as const;

/** A status beside those of kernel calls: the execution is over or the machine stops; the thread unwinds. */
export const statusOver = 9;
