/** Reads the text after a flag. Each reader returns the value or throws one line: the flag, what was given, what was expected. */
import { type RuleLevel, type RuleName, ruleNames } from '../kernel/rules.ts';
import { UsageError } from '../machine/errors.ts';
import { equivalences } from '../schedule/strategies.ts';
import { didYouMean } from './suggest.ts';

export type Reader<T> = (text: string, flag: string) => T;

const refuse = (flag: string, text: string, expected: string): never => {
  throw new UsageError(`${flag} is ${JSON.stringify(text)}, expected ${expected}`);
};

/** Underscores may group digits, as in the sources. */
export const integer =
  (least: number, most: number = Number.MAX_SAFE_INTEGER): Reader<number> =>
  (text, flag) => {
    const value = /^-?\d+(?:_\d+)*$/.test(text) ? Number(text.replaceAll('_', '')) : Number.NaN;
    if (value >= least && value <= most) return value;
    const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    return refuse(flag, text, `a whole number ${range}`);
  };

const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000 };

/** → milliseconds. Without a unit it is refused: one reader takes 10 for seconds, the next for milliseconds. */
export const duration: Reader<number> = (text, flag) => {
  const match = /^(\d+(?:\.\d+)?)(ms|s|min|m|h)$/.exec(text);
  const milliseconds = match ? Number(match[1]) * (units[match[2] ?? ''] ?? Number.NaN) : Number.NaN;
  return milliseconds > 0 ? milliseconds : refuse(flag, text, 'a duration as 500ms, 10s, 2m or 1h');
};

export const oneOf =
  <T extends string>(...choices: T[]): Reader<T> =>
  (text, flag) => {
    const choice = choices.find((one) => one === text);
    return choice ?? refuse(flag, text, `${choices.join(' or ')}${didYouMean(text, choices)}`);
  };

export const words: Reader<string> = (text, flag) => (text === '' ? refuse(flag, text, 'a name') : text);

/** 'random', or 'pct:3' with its depth, or 'dpor:reads-from' with its equivalence. Which strategies exist is the library's to say. */
export const strategy: Reader<string | { name: string; depth: number } | { name: string; equivalence: string }> = (
  text,
  flag,
) => {
  const match = /^([a-z][a-z-]*)(?::(?:(\d+)|([a-z][a-z-]*)))?$/.exec(text);
  if (match === null)
    return refuse(flag, text, 'the name of a strategy, as random, or of one in a form, as pct:3 or dpor:reads-from');
  const [, name = '', depth, equivalence] = match;
  if (name === 'dpor' && equivalence !== undefined && !equivalences.some((one) => one === equivalence)) {
    const forms = equivalences.map((one) => `dpor:${one}`).join(' or ');
    return refuse(flag, text, `${forms}${didYouMean(equivalence, equivalences, 'dpor:')}`);
  }
  if (equivalence !== undefined) return { name, equivalence };
  return depth === undefined ? name : { name, depth: Number(depth) };
};

const levels = ['fail', 'note', 'off'] as const;

/** 'data-race=note,leak=off' */
export const rules: Reader<Partial<Record<RuleName, RuleLevel>>> = (text, flag) => {
  const result: Partial<Record<RuleName, RuleLevel>> = {};
  for (const part of text.split(',')) {
    const [name = '', level = ''] = part.split('=');
    const rule = ruleNames.find((one) => one === name);
    if (rule === undefined) {
      throw new UsageError(`${flag} names no rule with ${JSON.stringify(name)}${didYouMean(name, ruleNames)}`);
    }
    result[rule] = levels.find((one) => one === level) ?? refuse(flag, part, `RULE=fail, RULE=note or RULE=off`);
  }
  return result;
};
