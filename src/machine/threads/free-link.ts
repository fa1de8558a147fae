/** A task that runs freely in a worker, and its way to the kernel: its slot, and an answer when the call is over. */
import type { FrameTable } from '../../hardware/frame-table.ts';
import type { Hardware } from '../../hardware/hardware.ts';
import type { PageTables } from '../../hardware/page-table.ts';
import { TranslationCache } from '../../hardware/translation-cache.ts';
import type { Words } from '../../kernel/words.ts';
import { TaskHandle } from '../../task/handle.ts';
import type { CopyStep } from '../../vm/steps.ts';
import { suspension } from '../carrier.ts';
import { FreeTask, type Link } from '../free-task.ts';
import { type Control, Own } from './layout.ts';
import { Ask, statusOver } from './requests.ts';
import type { ThreadReady } from './setup.ts';
import type { SlotClient } from './slot-client.ts';

/** The task of a worker. Its chance is real; `print` gets what it logs. */
export function makeFreeTask(
  thread: ThreadReady,
  hardware: Hardware,
  cache: TranslationCache,
  client: SlotClient,
  print: (line: string) => void,
): FreeTask {
  const { task, name, taskHandle, kernelHandle } = thread;
  const link = new FreeLink(client, print);
  return new FreeTask(task, name, taskHandle, new TaskHandle(kernelHandle), hardware, cache, link, Math.random);
}

class FreeLink implements Link {
  constructor(
    private readonly client: SlotClient,
    private readonly print: (line: string) => void,
  ) {}

  get reply(): Words {
    return this.client.reply;
  }

  get copy(): CopyStep | null {
    return this.client.copy;
  }

  begin(call: number, words: Words): number {
    return this.checked(this.client.ask(call, words));
  }

  resume(): number {
    return this.checked(this.client.ask(Ask.Resume));
  }

  log(line: string): void {
    this.print(line);
  }

  /** An execution that is over takes its threads off the stack, wherever they are. */
  private checked(status: number): number {
    if (status === statusOver) throw suspension;
    return status;
  }
}

/** A cache that knows no translation once its thread is to stop, so that a loop of plain loads comes out too. */
export class StoppableCache extends TranslationCache {
  private readonly words: Int32Array;
  private readonly at: number;

  constructor(
    tables: PageTables,
    frames: FrameTable,
    pageSize: number,
    space: number,
    control: Control,
    thread: number,
  ) {
    super(tables, frames, pageSize, space);
    this.words = control.words;
    this.at = control.own(thread, Own.Stopped);
    this.publish(control.words, control.own(thread, Own.Epoch));
  }

  override translate(address: number, access: number): number {
    return this.words[this.at] === 0 ? super.translate(address, access) : -1;
  }
}
