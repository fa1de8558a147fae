/**
 * What can happen to a page frame, told to whoever keeps its history. Nobody listens while schedules are explored, where every
 * execution would pay for what only the report of a failure needs: then it costs a look at a field.
 */
export const PageFate = {
  Allocated: 1,
  Freed: 2,
  Wired: 3,
  Unwired: 4,
  Mapped: 5,
  Unmapped: 6,
  /** It stays mapped, with other rights. */
  Protected: 7,
  /** Memory is entered at the address, or what was there is removed: about an entry of an address space, not about a frame. */
  Entered: 8,
  Removed: 9,
} as const;

/**
 * @param space whose page table it is about; `deviceSpace` for the IOMMU's
 * @param page number of the page in that table
 * @param detail rights of a mapping; how often the frame is wired now
 */
export type PageListener = (fate: number, frame: number, space: number, page: number, detail: number) => void;

/** In place of a task's number: the addresses of devices. */
export const deviceSpace = -1;
