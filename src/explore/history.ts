/** The past of the page or object that a failure is about, in words: its state after `setup`, then what each step did to it. */
import type { Subject } from '../detect/finding.ts';
import { type LineNote, type PageNote, pastOfHandle, pastOfLines, pastOfPage } from '../detect/past.ts';
import { cacheLine, Maintain } from '../hardware/data-cache.ts';
import { hex } from '../hardware/errors.ts';
import { deviceSpace, PageFate } from '../hardware/page-fate.ts';
import { pteFrameShift, pteRights } from '../hardware/page-table.ts';
import { HandleFate, machineHolder } from '../kernel/handle-table.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { aboutFrame, aboutNothing } from '../kernel/rules.ts';
import type { Trace } from '../kernel/trace.ts';
import { formatOperation } from '../machine/operations.ts';
import { noFrame } from '../vm/memory-object.ts';

/** One line of a past; `at` is the place of its step in the trace, null for what `setup` left. */
export interface PastLine {
  readonly at: number | null;
  readonly text: string;
}

type PastStep = PastLine & { readonly at: number };

/**
 * @param until the place in the trace of the step that suffers
 * @param kernel as it was after `setup`: what it was like in the end is in the trace
 * @returns null where what is said to be about is about nothing
 */
export function pastOf(trace: Trace, subject: Subject, until: number, kernel: Kernel): PastLine[] | null {
  const [about, address] = meant(trace, subject, kernel.hardware.pageSize);
  if (about === aboutNothing) return null;
  const before: PastLine[] = about > 0 ? setUpHandle(kernel, about) : [];
  const steps: PastStep[] = about > 0 ? pastOfObject(trace, about, until, kernel) : [];
  const frame = about > 0 ? noFrame : -about;
  // What the suffering step itself did before it suffered is no past.
  const notes = pastOfPage(trace, frame, address, until).filter(({ at }) => at < until);
  for (const one of new Set([frame, ...notes.map((note) => note.frame)]))
    if (one > 0) before.push(setUpFrame(kernel, one));
  for (const note of notes) steps.push({ at: note.at, text: inWords(kernel, note) });
  const { pageSize } = kernel.hardware;
  for (const note of pastOfLines(trace, frame * pageSize, pageSize, until))
    steps.push({ at: note.at, text: maintenance(note, pageSize) });
  return [...before, ...steps.sort((a, b) => a.at - b.at)];
}

/** What a failure is about, as rules.ts has it, and an address of that page, or 0. */
function meant({ words }: Trace, subject: Subject, pageSize: number): [about: number, address: number] {
  if ('noted' in subject) return [words[subject.noted + 5]!, words[subject.noted + 6]!];
  if ('handle' in subject) return [subject.handle, 0];
  return [aboutFrame(Math.floor(subject.physical / pageSize)), 0];
}

function maintenance({ from, to, operation }: LineNote, pageSize: number): string {
  const lines = Math.ceil(to / cacheLine) - Math.floor(from / cacheLine);
  const deeds = [];
  if ((operation & Maintain.WriteBack) !== 0) deeds.push('written back');
  if ((operation & Maintain.Drop) !== 0) deeds.push('dropped');
  const which = lines === 1 ? 'the cache line' : `the ${lines} cache lines`;
  const where = `${hex(from % pageSize)} of frame ${Math.floor(from / pageSize)}`;
  return `${which} at ${where} ${lines === 1 ? 'is' : 'are'} ${deeds.join(' and ')}`;
}

function pastOfObject(trace: Trace, handle: number, until: number, kernel: Kernel): PastStep[] {
  const lines = new Map<number, string[]>();
  for (const { at, fate, holder, held } of pastOfHandle(trace, handle, until)) {
    const told = lines.get(at) ?? [];
    lines.set(at, told);
    if (fate === HandleFate.Gone) told.push('it goes');
    else if (fate === HandleFate.Held) told.push(holds(kernel, holder, held));
  }
  return [...lines].map(([at, told]) => {
    return { at, text: [formatOperation(trace, at), ...told].join(': ') };
  });
}

function setUpHandle(kernel: Kernel, handle: number): PastLine[] {
  for (const object of kernel.handles.objects()) {
    if (object.handle !== handle) continue;
    const held = kernel.handles.holdersOf(object).map(([holder, count]) => holds(kernel, holder, count));
    const article = /^[AEIOU]/.test(object.kind) ? 'an' : 'a';
    return [{ at: null, text: [`handle ${hex(handle)} is ${article} ${object.kind}`, ...held].join(', ') }];
  }
  return [];
}

function holds({ tasks }: Kernel, holder: number, held: number): string {
  const name = holder === machineHolder ? 'setup' : tasks[holder]!.name;
  return `${name} holds ${held === 0 ? 'none' : held === 1 ? 'a reference' : `${held} references`}`;
}

function setUpFrame({ hardware, tasks }: Kernel, frame: number): PastLine {
  const { frames, tables, iommu, pageSize } = hardware;
  const facts = [frames.owners(frame) > 0 ? 'is in use' : 'is free'];
  if (frames.wires(frame) > 0) facts.push(`wired ${times(frames.wires(frame))}`);
  for (const { space } of tasks)
    for (const [page, entry] of tables.translations(space.number))
      if (entry >>> pteFrameShift === frame)
        facts.push(`mapped at ${hex(page * pageSize)} of ${space.name}${rights(entry & pteRights)}`);
  for (const { page, physicalPage } of iommu?.translations().table ?? [])
    if (Math.floor((physicalPage * iommu!.pageSize) / pageSize) === frame)
      facts.push(`mapped at ${hex(page * iommu!.pageSize)} for devices`);
  return { at: null, text: `frame ${frame} ${facts.join(', ')}` };
}

function inWords({ tasks }: Kernel, { frame, fate, space, address, detail }: PageNote): string {
  const where = `${hex(address)} ${space === deviceSpace ? 'for devices' : `of ${tasks[space]?.name}`}`;
  switch (fate) {
    case PageFate.Allocated:
      return `frame ${frame} is taken`;
    case PageFate.Freed:
      return `frame ${frame} is freed`;
    case PageFate.Wired:
      return `frame ${frame} is wired${detail === 1 ? '' : `, now ${times(detail)}`}`;
    case PageFate.Unwired:
      return `frame ${frame} is unwired${detail === 0 ? '' : `, still wired ${times(detail)}`}`;
    case PageFate.Mapped:
      return `frame ${frame} is mapped at ${where}${rights(detail)}`;
    case PageFate.Protected:
      return `frame ${frame} stays mapped at ${where},${rights(detail)}`;
    case PageFate.Entered:
      return `memory is entered at ${where}`;
    case PageFate.Removed:
      return `what was entered at ${where} is removed`;
    default:
      return `frame ${frame} is no longer mapped at ${where}`;
  }
}

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);
const rights = (bits: number): string => [', to nobody', ' to read', ' to write', ' to read and write'][bits & 3]!;
