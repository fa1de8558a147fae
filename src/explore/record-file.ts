/** Records of campaigns in files: the first line says what the rest is about. A last line that was cut off is no line. */
import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs';
import { UsageError } from '../machine/errors.ts';
import { CampaignRecord, readHeading } from './campaign-record.ts';

/**
 * @param files read; all must be of one campaign, and exist unless it is the one of `to`
 * @param to appended to, or null
 * @throws UsageError for a file that cannot be read, is no record, or is of another campaign than those before it
 */
export function recordOf(files: readonly string[], to: string | null): CampaignRecord {
  const record = new CampaignRecord(to === null ? null : (line) => append(to, line));
  for (const file of files) if (file !== to || existsSync(file)) read(record, file, file === to);
  return record;
}

function append(file: string, line: string): void {
  try {
    appendFileSync(file, `${line}\n`);
  } catch (error) {
    throw new UsageError(`the record ${file} cannot be written: ${(error as Error).message}`);
  }
}

function read(record: CampaignRecord, file: string, isGoneOnWith: boolean): void {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new UsageError(`the record ${file} cannot be read: ${(error as Error).message}`);
  }
  const whole = bytes.lastIndexOf('\n') + 1;
  const [first = '', ...lines] = bytes.subarray(0, whole).toString().trimEnd().split('\n');
  const heading = readHeading(first);
  if (heading === null)
    throw new UsageError(`${file} is no record of a campaign: its first line does not say what it is about`);
  record.head(heading, `the record ${file}`);
  lines.forEach((line, i) => {
    if (!record.read(line))
      throw new UsageError(`line ${i + 2} of the record ${file} is garbled: remove it, and what it said is run again`);
  });
  // What is appended must not follow half a line.
  if (isGoneOnWith && whole < bytes.length) truncateSync(file, whole);
}
