/**
 * CB.stringbuffer-jdk1.4: one buffer is appended to another, its length under its lock first and then, under the lock again, so many of its characters; a thread
 * that empties it in between makes that too many.
 */
import { defineScenario, IOLock, type Task } from 'wiredown';
import { words } from './words.ts';

const text = [97, 98, 99];

/** A buffer's lock, its length, and where its characters are. */
interface Buffer {
  readonly lock: IOLock;
  readonly count: number;
  readonly characters: number;
}

function erase(task: Task, { lock, count, characters }: Buffer, start: number, end: number): void {
  lock.lock();
  const length = task.load32(count);
  const last = Math.min(end, length);
  for (let i = last; i < length; i++)
    task.store32(characters + 4 * (start + i - last), task.load32(characters + 4 * i));
  task.store32(count, length - (last - start));
  lock.unlock();
}

function append(task: Task, { lock, count, characters }: Buffer, added: readonly number[]): void {
  lock.lock();
  const length = task.load32(count);
  for (const [i, character] of added.entries()) task.store32(characters + 4 * (length + i), character);
  task.store32(count, length + added.length);
  lock.unlock();
}

function lengthOf(task: Task, { lock, count }: Buffer): number {
  lock.lock();
  const length = task.load32(count);
  lock.unlock();
  return length;
}

function firstOf(task: Task, { lock, count, characters }: Buffer, length: number): number[] {
  lock.lock();
  task.assert(length <= task.load32(count), 'there are so many characters');
  const copied = Array.from({ length }, (_, i) => task.load32(characters + 4 * i));
  lock.unlock();
  return copied;
}

export default defineScenario({
  name: 'stringbuffer-jdk1.4',
  machine: { physicalMemory: 1 << 20 },
  setup(machine): Buffer & { readonly copy: Buffer } {
    const count = words(machine);
    const app = machine.task('app');
    const buffer = { lock: IOLock.alloc('buffer'), count, characters: count + 16 };
    app.store32(count, text.length);
    for (const [i, character] of text.entries()) app.store32(buffer.characters + 4 * i, character);
    return { ...buffer, copy: { lock: IOLock.alloc('copy'), count: count + 4, characters: count + 64 } };
  },
  tasks: {
    app: {
      main(task, { copy, ...buffer }) {
        task.send('app.eraser', null);
        append(task, copy, firstOf(task, buffer, lengthOf(task, buffer)));
      },
      eraser(task, buffer) {
        task.receive();
        erase(task, buffer, 0, text.length);
        append(task, buffer, text);
      },
    },
  },
});
