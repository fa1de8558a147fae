/** What a replay must be told so that it sees what the exploration saw: without the same rules a failure would be a note. */
import type { Invocation } from './command.ts';

const kept = ['rules', 'maximumSteps', 'memoryModel'] as const;

/** For the library. `scenario` is named only where the file holds several. */
export function replayOptions(
  { options }: Pick<Invocation, 'options'>,
  scenario: string | undefined,
): Record<string, unknown> {
  const result: Record<string, unknown> = scenario === undefined ? {} : { scenario };
  for (const key of kept) if (options[key] !== undefined) result[key] = options[key];
  return result;
}

/** The same, for the line that a person pastes. */
export function replayFlags({ options }: Pick<Invocation, 'options'>, scenario: string | undefined): string[] {
  const flags = scenario === undefined ? [] : ['--scenario', scenario];
  if (options.rules !== undefined) {
    const pairs = Object.entries(options.rules as Record<string, string>).map(([rule, level]) => `${rule}=${level}`);
    flags.push('--rules', pairs.join(','));
  }
  if (options.maximumSteps !== undefined) flags.push('--maximum-steps', String(options.maximumSteps));
  if (options.memoryModel !== undefined) flags.push('--memory-model', String(options.memoryModel));
  return flags;
}
