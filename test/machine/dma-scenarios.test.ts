/** DMA commands under every schedule: what is copied in steps, what panics, and addresses that do not depend on the order. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { kIODirectionIn, kIODirectionOut, kIODirectionOutIn } from '../../src/iokit/options.ts';
import { checkInvariants } from '../../src/kernel/invariants.ts';
import { IODMACommand } from '../../src/task/iokit/io-dma-command.ts';
import { IOMemoryDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import { inline } from '../support/inline.ts';

const pageSize = 4096;
const one = { physicalMemory: 2 ** 20 };
const bounced = { fNumAddressBits: 32, fMaxSegmentSize: 0, fAlignment: 64 };

test('a bounce buffer is filled page by page: a device can see a late page with an early one missing (hazard H25)', () => {
  const machine = inline({
    machine: one,
    setup(machine) {
      const client = machine.task('client');
      const address = client.allocate(3 * pageSize);
      const memory = IOMemoryDescriptor.withAddressRange(address + 4, 2 * pageSize, kIODirectionOut, client);
      memory.prepare();
      return { address, memory };
    },
    tasks: {
      client(task, { address }) {
        task.store8(address + 8, 1);
        task.store8(address + 2 * pageSize, 1);
      },
      kernel(task, { memory }) {
        const command = IODMACommand.withSpecification(IODMACommand.OutputHost64, bounced);
        command.setMemoryDescriptor(memory);
        const bytes = new Uint8Array(1);
        command.readBytes(4, bytes);
        const first = bytes[0];
        command.readBytes(2 * pageSize - 4, bytes);
        task.assert(command.clearMemoryDescriptor() === 0);
        command.release();
        return `${first}${bytes[0]}`;
      },
    },
    outcome: ({ results }) => String(results.kernel),
  });
  const ended = machine.all();
  assert.equal([...new Set(ended.map(({ outcome }) => outcome))].sort(), ['00', '01', '10', '11']);
  for (const { runs, hash } of ended.slice(0, 20)) assert.is(machine.replay(runs).hash, hash);
});

test('what a device wrote comes back page by page, over what the client stored meanwhile', () => {
  const machine = inline({
    machine: one,
    setup(machine) {
      const client = machine.task('client');
      const address = client.allocate(2 * pageSize);
      const memory = IOMemoryDescriptor.withAddressRange(address + 4, pageSize, kIODirectionIn, client);
      memory.prepare();
      const command = IODMACommand.withSpecification(IODMACommand.OutputHost64, bounced);
      command.setMemoryDescriptor(memory);
      command.writeBytes(0, Uint8Array.of(5));
      return { address, command };
    },
    tasks: {
      client: (task, { address }) => task.store8(address + 4, 3),
      kernel: (task, { command }) => task.assert(command.clearMemoryDescriptor() === 0),
    },
    outcome: ({ machine, shared }) => String(machine.task('client').load8(shared.address + 4)),
  });
  assert.equal([...new Set(machine.all().map(({ outcome }) => outcome))].sort(), ['3', '5']);
});

for (const pageSize of [4096, 16384] as const) {
  test(`C15, B03: completing memory on a timeout panics where the command is active still [${pageSize}]`, () => {
    const panics = (mapper: boolean) => {
      const machine = inline({
        machine: { ...one, pageSize, mapper: mapper ? {} : false },
        setup(machine) {
          const client = machine.task('client');
          const memory = IOMemoryDescriptor.withAddressRange(
            client.allocate(pageSize),
            pageSize,
            kIODirectionIn,
            client,
          );
          memory.prepare();
          const command = IODMACommand.withSpecification(IODMACommand.OutputHost64, 64, 0);
          return { memory, command };
        },
        tasks: {
          client: {},
          kernel: {
            transfer(task, { memory, command }) {
              task.assert(command.setMemoryDescriptor(memory, false) === 0);
              if (memory.getPreparationID() === 0) return;
              command.prepare();
              command.complete();
              command.clearMemoryDescriptor();
            },
            timeout(_task, { memory }) {
              memory.complete();
            },
          },
        },
      });
      const texts = machine.all(1).flatMap(({ violations }) => violations.map(({ rule, text }) => `${rule}: ${text}`));
      return [...new Set(texts)].map((text) => text.replace(/the descriptor of .*? at \S+/, 'it')).sort();
    };
    const active = 'kernel-panic: complete() of it while DMA is active';
    assert.equal(panics(false), [active]);
    assert.ok(panics(true).includes(active));
  });
}

test('device addresses and stand-in frames are the same in every order of the threads (rule 5)', () => {
  const machine = inline({
    machine: { ...one, mapper: { addressBits: 32 } },
    setup(machine) {
      const client = machine.task('client');
      const address = client.allocate(4 * pageSize);
      const memory = [0, 1].map((i) => {
        const md = IOMemoryDescriptor.withAddressRange(address + i * 2 * pageSize + 4, 64, kIODirectionOutIn, client);
        md.prepare();
        return md;
      });
      return { memory };
    },
    tasks: {
      client: {},
      kernel: Object.fromEntries(
        [0, 1].map((i) => [
          `driver${i}`,
          (_task: unknown, { memory }: { memory: IOMemoryDescriptor[] }) => {
            const plain = IODMACommand.withSpecification(IODMACommand.OutputHost64, 64, 0);
            plain.setMemoryDescriptor(memory[i]!);
            const aligned = IODMACommand.withSpecification(IODMACommand.OutputHost64, bounced);
            aligned.setMemoryDescriptor(memory[i]!);
            const made = [plain, aligned].map((command) => command.gen64IOVMSegments(0, 1).segments[0]!.fIOVMAddr);
            for (const command of [aligned, plain]) {
              command.clearMemoryDescriptor();
              command.release();
            }
            return made.join();
          },
        ]),
      ),
    },
    outcome: ({ results }) => `${results['kernel.driver0']} ${results['kernel.driver1']}`,
  });
  const outcomes = new Set<string | null>();
  for (let number = 1; number <= 300; number++) outcomes.add(machine.random(number).outcome);
  assert.is(outcomes.size, 1);
  assert.is([...outcomes][0]!.split(/[ ,]/).length, 4);
  assert.is(new Set([...outcomes][0]!.split(/[ ,]/)).size, 4, 'and none is given twice');
});

test('a task that dies in the middle of a copy leaves nothing of it', () => {
  const machine = inline({
    machine: { ...one, mapper: {} },
    setup(machine) {
      const client = machine.task('client');
      const memory = IOMemoryDescriptor.withAddressRange(client.allocate(3 * pageSize) + 4, 2 * pageSize, 3, client);
      memory.prepare();
      return { memory };
    },
    tasks: {
      client: {},
      driver: {
        copy(_task, { memory }) {
          const command = IODMACommand.withSpecification(IODMACommand.OutputHost64, bounced);
          command.setMemoryDescriptor(memory);
          command.synchronize(kIODirectionIn);
          command.clearMemoryDescriptor();
          command.release();
          return 'done';
        },
        fail(task) {
          task.yield();
          throw new Error('the task ends');
        },
      },
    },
  });
  const { machine: built, kernel } = machine.machine.state;
  const free = built.hardware.frames.freeFrames;
  let cut = 0;
  for (let number = 1; number <= 200; number++) {
    const { results } = machine.random(number);
    if (results['driver.copy'] === undefined) cut++;
    assert.is(built.hardware.frames.freeFrames, free, `execution ${number}`);
    assert.equal(checkInvariants(kernel), []);
  }
  assert.ok(cut > 20 && cut < 200, `${cut} copies were cut off`);
});

test.run();
