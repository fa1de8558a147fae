/**
 * chess.WorkStealQueue: an owner pushes and pops at the tail of a queue without a lock, a thief takes from its head under one. A
 * bound that is one too large lets the owner push over an item that the thief is about to take.
 */
import { defineScenario, IOLock, type Task } from 'wiredown';
import { words } from './words.ts';

const items = 4;
const steals = 2;

/** Words of the queue. */
interface Queue {
  head: number;
  tail: number;
  mask: number;
  /** Item → how often it was taken. */
  taken: number;
  /** Room for two of initial size, and twice that when it grows. */
  elements: number;
  lock: IOLock;
}

/** −1 where there is nothing. */
function steal(task: Task, queue: Queue): number {
  queue.lock.lock();
  const head = task.atomic.load(queue.head);
  task.atomic.exchange(queue.head, head + 1);
  let item = -1;
  if (head < (task.atomic.load(queue.tail) | 0))
    item = task.load32(queue.elements + 4 * (head & task.load32(queue.mask)));
  else task.atomic.exchange(queue.head, head);
  queue.lock.unlock();
  return item;
}

function pop(task: Task, queue: Queue): number {
  const tail = (task.atomic.load(queue.tail) | 0) - 1;
  task.atomic.exchange(queue.tail, tail);
  if (task.atomic.load(queue.head) <= tail) return task.load32(queue.elements + 4 * (tail & task.load32(queue.mask)));
  task.atomic.exchange(queue.tail, tail + 1);
  return lockedPop(task, queue);
}

function lockedPop(task: Task, queue: Queue): number {
  queue.lock.lock();
  const tail = (task.atomic.load(queue.tail) | 0) - 1;
  task.atomic.exchange(queue.tail, tail);
  let item = -1;
  if (task.atomic.load(queue.head) <= tail) item = task.load32(queue.elements + 4 * (tail & task.load32(queue.mask)));
  else {
    task.atomic.exchange(queue.tail, tail + 1);
    if (task.atomic.load(queue.head) > tail) {
      task.atomic.exchange(queue.head, 0);
      task.atomic.exchange(queue.tail, 0);
    }
  }
  queue.lock.unlock();
  return item;
}

function push(task: Task, queue: Queue, item: number): void {
  const tail = task.atomic.load(queue.tail) | 0;
  // The bug: it must be smaller than head + mask.
  if (tail < task.atomic.load(queue.head) + task.load32(queue.mask) + 1) {
    task.store32(queue.elements + 4 * (tail & task.load32(queue.mask)), item);
    task.atomic.exchange(queue.tail, tail + 1);
  } else lockedPush(task, queue, item);
}

function lockedPush(task: Task, queue: Queue, item: number): void {
  queue.lock.lock();
  const mask = task.load32(queue.mask);
  const head = task.atomic.load(queue.head);
  const count = (task.atomic.load(queue.tail) | 0) - head;
  task.atomic.exchange(queue.head, head & mask);
  task.atomic.exchange(queue.tail, (head & mask) + count);
  if (count >= mask) grow(task, queue, head & mask, mask, count);
  const tail = task.atomic.load(queue.tail) | 0;
  const room = task.load32(queue.mask);
  task.assert(tail - task.atomic.load(queue.head) < room, 'there is room');
  task.store32(queue.elements + 4 * (tail & room), item);
  task.atomic.exchange(queue.tail, tail + 1);
  queue.lock.unlock();
}

/** Twice the room, the items from its start. */
function grow(task: Task, queue: Queue, head: number, mask: number, count: number): void {
  const kept: number[] = [];
  for (let i = 0; i < count; i++) kept.push(task.load32(queue.elements + 4 * ((head + i) & mask)));
  for (let i = 0; i < count; i++) task.store32(queue.elements + 4 * i, kept[i]!);
  task.store32(queue.mask, 2 * (mask + 1) - 1);
  task.atomic.exchange(queue.head, 0);
  task.atomic.exchange(queue.tail, count);
}

function count(task: Task, queue: Queue, item: number): void {
  if (item < 0) return;
  const at = queue.taken + 4 * item;
  task.store32(at, task.load32(at) + 1);
}

export default defineScenario({
  name: 'WorkStealQueue',
  machine: { physicalMemory: 1 << 20 },
  setup(machine): Queue {
    const head = words(machine);
    machine.task('app').store32(head + 8, 1);
    return {
      head,
      tail: head + 4,
      mask: head + 8,
      taken: head + 16,
      elements: head + 64,
      lock: IOLock.alloc('queue'),
    };
  },
  tasks: {
    app: {
      owner(task, queue) {
        task.send('app.thief', null);
        for (let item = 0; item < items; item += 2) {
          push(task, queue, item);
          push(task, queue, item + 1);
          count(task, queue, pop(task, queue));
        }
        count(task, queue, pop(task, queue));
        count(task, queue, pop(task, queue));
      },
      thief(task, queue) {
        task.receive();
        for (let i = 0; i < steals; i++) count(task, queue, steal(task, queue));
      },
    },
  },
  check(machine, queue) {
    for (let item = 0; item < items; item++) {
      const taken = machine.task('app').load32(queue.taken + 4 * item);
      if (taken !== 1) throw new Error(`item ${item} was taken ${taken} times`);
    }
  },
});
