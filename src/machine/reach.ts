/** Which pages the actors of a campaign have reached so far: those that several have are scheduling points. */
export interface Reach {
  /** Frame → 1 + the first actor that reached it, 0 for nobody. */
  readonly first: Int32Array;
  /** Frame → 1 when its accesses are scheduling points. */
  readonly points: Uint8Array;
}

/** Whose pages `actor` has taken away shares them with it: those among `frames` that are no points yet are told to `onShared`. */
export function meetTaken(
  { first, points }: Reach,
  frames: readonly number[],
  actor: number,
  onShared: (frame: number) => void,
): void {
  for (const frame of frames) {
    if (first[frame] === 0) first[frame] = actor + 1;
    else if (first[frame] !== actor + 1 && points[frame] === 0) onShared(frame);
  }
}
