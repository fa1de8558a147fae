/** Whether a stream gets colours: only a person at a terminal, who did not refuse them, wants the escape codes. */
import picocolors from 'picocolors';

export type Colours = ReturnType<typeof picocolors.createColors>;

type Environment = Record<string, string | undefined>;

/** True where a person watches: progress lines and colours go nowhere else. CI logs look like terminals and are not. */
export function isWatched(stream: { isTTY?: boolean }, environment: Environment): boolean {
  return stream.isTTY === true && !environment.CI && environment.TERM !== 'dumb';
}

export function coloursFor(stream: { isTTY?: boolean }, environment: Environment): Colours {
  // https://no-color.org: present and not empty, whatever its value. FORCE_COLOR is for those who pipe into a pager.
  const refused = Boolean(environment.NO_COLOR);
  const forced = Boolean(environment.FORCE_COLOR) && environment.FORCE_COLOR !== '0';
  return picocolors.createColors(!refused && (forced || isWatched(stream, environment)));
}

export const plain: Colours = picocolors.createColors(false);
