/**
 * Threads that use DMA commands, descriptors and the mapper at random and at once, one step at a time, forged arguments and deaths
 * included: the invariants hold after each step, a rollback brings everything back, and the same steps do the same again.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Call, Status } from '../../src/kernel/call.ts';
import { calls } from '../../src/kernel/calls/index.ts';
import { checkInvariants } from '../../src/kernel/invariants.ts';
import { stateHash } from '../../src/kernel/state-hash.ts';
import { prepared } from '../support/dma.ts';
import { type Semantics, TestMachine } from '../support/machine.ts';
import { HandDriven } from '../support/thread.ts';

const stepCount = 700;

function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

interface Actor {
  readonly hand: HandDriven;
  readonly commands: number[];
  readonly descriptors: number[];
  readonly windows: [address: number, length: number][];
  /** Status of the call under way. */
  status: number;
  call: Call<never[], unknown> | null;
}

const room = 4096;

/** The call that `actor` makes next, with its arguments. */
function choose(m: TestMachine, actor: Actor, mapper: number, pick: (below: number) => number): [Call, unknown[]] {
  const { pageSize } = m;
  const last = (list: number[]) =>
    pick(12) === 0 || list.length === 0 ? pick(3) : list[list.length - 1 - pick(Math.min(5, list.length))]!;
  const command = () => last(actor.commands);
  const descriptor = () => last(actor.descriptors);
  const offset = () => [0, 0, 0, 8, pageSize, 3 * pageSize, 2 ** 50][pick(7)]!;
  const length = () => [0, 0, 16, pageSize, pageSize + 4, 2 * pageSize][pick(6)]!;
  const specification = () => ({
    segmentFunction: [4, 4, 1, 9][pick(4)]!,
    numAddressBits: [0, 0, 64, 32, 18, 20, 11][pick(7)]!,
    maxSegmentSize: [0, 0, pageSize, 24][pick(4)]!,
    maxTransferSize: [0, 0, 0, pageSize][pick(4)]!,
    alignment: [1, 1, 4, 64, 4096, 3 * pageSize][pick(6)]!,
    alignmentLength: [1, 1, 4][pick(3)]!,
    alignmentInternalSegments: [0, 0, 512][pick(3)]!,
    mappingOptions: [0, 0, 0, 3, 2, 0x40, 1, 5][pick(8)]!,
  });
  const flag = () => pick(3) > 0;
  const all: [Call, () => unknown[]][] = [
    [calls.commandWithSpecification, () => [specification(), pick(3) === 0 ? mapper : 0]],
    [calls.commandWithSpecification, () => [specification(), 0]],
    [calls.cloneCommand, () => [command()]],
    [calls.setMemoryDescriptor, () => [command(), descriptor(), flag(), room]],
    [calls.setMemoryDescriptor, () => [command(), descriptor(), flag(), room]],
    [calls.setMemoryDescriptor, () => [command(), 0, flag(), room]],
    [calls.clearMemoryDescriptor, () => [command(), flag(), room]],
    [calls.commandPrepare, () => [command(), offset(), length(), flag(), flag(), room]],
    [calls.commandPrepare, () => [command(), 0, 0, flag(), flag(), room]],
    [calls.prepareWithSpecification, () => [command(), specification(), 0, 0, 0, true, true, room]],
    [calls.commandComplete, () => [command(), flag(), flag(), room]],
    [calls.commandComplete, () => [command(), flag(), flag(), pick(9) === 0 ? 0 : room]],
    [calls.commandSynchronize, () => [command(), [1, 2, 3, 0x01000000][pick(4)]!, room]],
    [calls.genIOVMSegments, () => [command(), offset(), pick(5)]],
    [calls.commandReadBytes, () => [command(), offset(), 64, 64]],
    [calls.commandWriteBytes, () => [command(), offset(), 64, 64]],
    [calls.createCopyBuffer, () => [command(), pick(4), length()]],
    [calls.getCommandDescriptor, () => [command(), flag()]],
    [calls.getPreparedOffsetAndLength, () => [command()]],
    [calls.prepareForDMA, () => [command(), descriptor(), 0, length(), 1 + pick(4), room]],
    [calls.completeDMA, () => [command(), room]],
    [calls.prepare, () => [descriptor(), pick(4)]],
    [calls.prepare, () => [descriptor(), 0]],
    [calls.complete, () => [descriptor(), 0]],
    [calls.complete, () => [descriptor(), 0]],
    [calls.getPhysicalSegment, () => [descriptor(), offset(), flag() ? 0 : 0x800]],
    [calls.withSubRange, () => [descriptor(), 0, length(), 3]],
    [
      calls.withOptions,
      () => [[{ address: (1 + pick(40)) * pageSize + pick(2) * 8, length: length() }], 0, 0x23 + 0x800 * pick(2)],
    ],
    [calls.iovmMapMemory, () => [mapper, descriptor(), 0, length(), 3, 0, 1]],
    [calls.iovmUnmapMemory, () => [mapper, ...(actor.windows[pick(actor.windows.length + 1)] ?? [pageSize, pageSize])]],
    [calls.genPhysicalSegments, () => [command(), descriptor(), 0, 4, 0]],
  ];
  const [call, values] = all[pick(all.length)]!;
  return [call, values()];
}

/** Notes what a call has made. */
function note(actor: Actor, call: Call, result: unknown): void {
  if (call === calls.commandWithSpecification || call === calls.cloneCommand) {
    if (result !== 0) actor.commands.push(result as number);
  } else if (call === calls.createCopyBuffer || call === calls.withSubRange || call === calls.withOptions) {
    if (result !== 0) actor.descriptors.push(result as number);
  } else if (call === calls.iovmMapMemory) {
    const { mapAddress, mapLength } = result as { mapAddress: number; mapLength: number };
    if (mapLength > 0) actor.windows.push([mapAddress, mapLength]);
  }
}

/** One thread takes one step. Returns what happened, in words. */
function step(m: TestMachine, actor: Actor, mapper: number, pick: (below: number) => number): string {
  const { hand } = actor;
  const { thread } = hand;
  if (thread.ended || thread.waitingIn !== null) return '';
  if (actor.call !== null && pick(150) === 0) {
    m.kernelState.endThread(thread);
    return `${thread.name} dies in ${actor.call.name}`;
  }
  let text = '';
  if (actor.call === null) {
    const [call, values] = choose(m, actor, mapper, pick);
    actor.call = call as never;
    text = `${call.name} ${JSON.stringify(values)} `;
    actor.status = hand.begin(call as never, values as never, new Uint8Array(room));
  } else {
    if (actor.status === Status.Copy) hand.copy();
    actor.status = hand.step();
  }
  if (actor.status === Status.Step || actor.status === Status.Copy || actor.status === Status.Blocked)
    return `${thread.name} ${text}…`;
  const call = actor.call!;
  actor.call = null;
  if (actor.status !== Status.Done) return `${thread.name} ${text}${actor.status}`;
  const result = hand.result(call as never);
  note(actor, call as never, result);
  return `${thread.name} ${text}= ${JSON.stringify(result)}`;
}

function play(
  m: TestMachine,
  hands: readonly HandDriven[],
  descriptors: number[],
  commands: number[],
  seed: number,
): string[] {
  const pick = random(seed);
  const mapper = m.kernelState.iokit.systemMapper?.handle ?? 0;
  const actors = hands.map(
    (hand): Actor => ({
      hand,
      commands: [...commands],
      descriptors: [...descriptors],
      windows: [],
      status: Status.Done,
      call: null,
    }),
  );
  const log: string[] = [];
  for (let i = 0; i < stepCount; i++) {
    log.push(step(m, actors[pick(actors.length)]!, mapper, pick));
    const broken = checkInvariants(m.kernelState);
    if (broken.length > 0)
      assert.unreachable(`seed ${seed}, step ${i}: ${log.slice(-4).join('; ')}\n${broken.join('\n')}`);
  }
  for (const { thread } of hands) m.kernelState.endThread(thread);
  const broken = checkInvariants(m.kernelState);
  if (broken.length > 0) assert.unreachable(`seed ${seed}, in the end: ${broken.join('\n')}`);
  return log;
}

for (const semantics of ['documented', 'xnu'] as const satisfies Semantics[]) {
  for (const mapper of [false, { addressBits: 24 }] as const) {
    test(`random DMA of several threads is sound and rolled back [${semantics}, mapper ${mapper !== false}]`, () => {
      let copies = 0;
      for (let seed = 1; seed <= 5; seed++) {
        const m = new TestMachine({ semantics, mapper });
        const { pageSize } = m;
        m.enter(m.kernel, () => {
          const hands = ['a', 'b', 'c'].map((name) => new HandDriven(m, name));
          const address = m.client.allocate(4 * pageSize);
          const base = [
            prepared(m, address, 2 * pageSize),
            prepared(m, address + 4, pageSize, 2),
            prepared(m, address + pageSize + 8, 2 * pageSize, 1),
          ];
          const made = calls.commandWithSpecification;
          const command = m.kernel.invoke(
            made,
            {
              segmentFunction: 4,
              numAddressBits: 0,
              maxSegmentSize: 0,
              maxTransferSize: 0,
              alignment: 64,
              alignmentLength: 1,
              alignmentInternalSegments: 0,
              mappingOptions: 0,
            },
            0,
          );
          const { systemMapper } = m.kernelState.iokit;
          if (systemMapper !== null) m.kernel.invoke(calls.systemMapper, false);
          for (const hand of hands)
            hand.grant(...base, { id: command }, ...(systemMapper === null ? [] : [{ id: systemMapper.handle }]));
          m.hardware.frames.partition(3);
          m.kernelState.journal.base();
          const before = stateHash(m.kernelState);
          const descriptors = base.map(({ id }) => id);
          const first = play(m, hands, descriptors, [command], seed);
          copies += first.filter((line) => line.endsWith('…')).length;
          const after = stateHash(m.kernelState);
          m.kernelState.journal.rollback();
          assert.is(stateHash(m.kernelState), before, `seed ${seed}`);
          assert.equal(checkInvariants(m.kernelState), []);
          assert.equal(play(m, hands, descriptors, [command], seed), first, `seed ${seed}`);
          assert.is(stateHash(m.kernelState), after);
        });
      }
      assert.ok(copies > 100, `calls stopped half-way ${copies} times`);
    });
  }
}

test.run();
