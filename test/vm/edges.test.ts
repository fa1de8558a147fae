/** The edges of addresses and sizes in a task's own memory: calls on its address space, loads, stores and atomics on every carrier. */
import * as assert from 'uvu/assert';
import type { Size } from '../../src/task/iokit/io-memory-descriptor.ts';
import { MemoryObject } from '../../src/task/iokit/memory-object.ts';
import { UPL } from '../../src/task/iokit/upl.ts';
import { type Task, VM_PROT_READ } from '../../src/task/task.ts';
import { edgeSuite, edges, isClear, refusing } from '../support/edges.ts';
import { inline, inOrder } from '../support/inline.ts';
import { machineSuite, TestMachine } from '../support/machine.ts';

const { edge, run } = edgeSuite('edges of memory');
const limit = 2n ** 47n;
/** Task code has numbers; that the kernel is given more is for it to refuse. */
const number = (value: Size) => value as number;

for (const [kind, options] of [
  ['plain', {}],
  ['purgeable', { purgeable: true }],
  ['that is not pageable', { pageable: false }],
] as const) {
  edge(`allocate memory ${kind}: size`, (m) => {
    const room = BigInt(options === undefined || !('pageable' in options) ? 2 ** 33 : 4 * m.pageSize);
    return {
      act: refusing((size) => {
        const address = m.client.allocate(number(size), options);
        m.client.deallocate(address, number(size));
        return 'allocated';
      }),
      legal: (size) => size > 0n && size < room,
      otherwise: 'refused',
    };
  });
  edge(`allocate memory ${kind}: address`, (m) => ({
    act: refusing((address) => {
      const at = m.client.allocate(1, { ...options, address: number(address) });
      m.client.deallocate(at, 1);
      return at;
    }),
    legal: (at) => at >= m.pageSize && at % BigInt(m.pageSize) === 0n && at < limit,
    otherwise: 'refused',
    answer: Number,
  }));
}
edge('deallocate: holes are no error, wherever they are', (m) => ({
  act: (address) => m.client.deallocate(number(address), 1),
  legal: () => false,
  otherwise: undefined,
}));
edge('deallocate: size, from a page that is there', (m) => {
  const address = m.client.allocate(m.pageSize);
  return {
    act: (size) => {
      m.client.deallocate(address, number(size));
      const gone = m.spaceOf(m.client).lookup(address) === null;
      if (gone) m.client.allocate(m.pageSize, { address });
      return gone;
    },
    legal: (size) => size > 0n,
    otherwise: false,
    answer: () => true,
  };
});
edge('protect: address', (m) => {
  const page = m.client.allocate(m.pageSize, { address: 2 ** 31 });
  return {
    act: refusing((address) => m.client.protect(number(address), 1, VM_PROT_READ)),
    legal: (at) => at >= BigInt(page) && at < BigInt(page + m.pageSize),
    otherwise: 'refused',
    answer: () => undefined,
  };
});
edge('protect: size', (m) => {
  const address = m.client.allocate(2 * m.pageSize);
  return {
    act: refusing((size) => m.client.protect(address, number(size), VM_PROT_READ)),
    legal: (size) => size <= 2 * m.pageSize,
    otherwise: 'refused',
    answer: () => undefined,
  };
});
for (const copy of [false, true]) {
  const how = copy ? 'a copy' : 'the same memory';
  edge(`remap ${how}: source`, (m) => {
    const page = m.client.allocate(m.pageSize, { address: 2 ** 31 });
    return {
      act: refusing((address) => {
        const at = m.other.remap(m.client, number(address), 1, { copy });
        m.other.deallocate(at, m.pageSize);
        return 'mapped';
      }),
      legal: (at) => at >= BigInt(page) && at < BigInt(page + m.pageSize),
      otherwise: 'refused',
    };
  });
  edge(`remap ${how}: size`, (m) => {
    const address = m.client.allocate(2 * m.pageSize);
    return {
      act: refusing((size) => {
        const at = m.other.remap(m.client, address, number(size), { copy });
        m.other.deallocate(at, 2 * m.pageSize);
        return 'mapped';
      }),
      legal: (size) => size > 0n && size <= 2 * m.pageSize,
      otherwise: 'refused',
    };
  });
  edge(`remap ${how}: address`, (m) => {
    const source = m.client.allocate(m.pageSize);
    // What is shared once is marked as such.
    m.other.deallocate(m.other.remap(m.client, source, 1, { copy }), 1);
    return {
      act: refusing((address) => {
        const at = m.other.remap(m.client, source, 1, { copy, address: number(address) });
        m.other.deallocate(at, 1);
        return at;
      }),
      legal: (at) => at >= m.pageSize && at % BigInt(m.pageSize) === 0n && at < limit,
      otherwise: 'refused',
      answer: Number,
    };
  });
}

// Memory objects.

edge('MemoryObject: size', () => ({
  act: refusing((size) => {
    MemoryObject.withSize(number(size)).release();
    return 'made';
  }),
  legal: (size) => size > 0n && size <= limit,
  otherwise: 'refused',
}));
for (const [name, options] of [
  ['offset', (offset: Size) => ({ offset: number(offset) })],
  ['size', (size: Size) => ({ size: number(size) })],
  ['address', (address: Size) => ({ address: number(address) })],
] as const)
  edge(`map: ${name}`, (m) => {
    const object = MemoryObject.withSize(2 * m.pageSize);
    const page = BigInt(m.pageSize);
    return {
      act: refusing((value) => {
        const at = m.client.map(object, options(value));
        m.client.deallocate(at, 2 * m.pageSize);
        return 'mapped';
      }),
      legal: (value) => {
        if (name === 'size') return value <= 2n * page;
        if (value % page !== 0n) return false;
        return name === 'offset' ? value < 2n * page : value >= page && value + 2n * page <= limit;
      },
      otherwise: 'refused',
    };
  });
for (const [name, make] of [
  ['offset', (object: MemoryObject, _m: TestMachine, value: Size) => UPL.withObject(object, value, 1)],
  ['size', (object: MemoryObject, _m: TestMachine, value: Size) => UPL.withObject(object, 0, value)],
] as const)
  edge(`UPL: ${name}`, (m) => {
    const object = MemoryObject.withSize(2 * m.pageSize);
    for (const page of [0, 1]) object.page(page * m.pageSize);
    return {
      act: refusing((value) => {
        make(object, m, value).release();
        return 'made';
      }),
      legal: (value) =>
        name === 'size'
          ? value > 0n && value <= 2 * m.pageSize
          : value % BigInt(m.pageSize) === 0n && value < 2 * m.pageSize,
      otherwise: 'refused',
    };
  });

run();

// Accesses: what a task sees must be the same on every carrier.

const { case: it, run: runAccesses } = machineSuite('edges of accesses');

type Access = (task: Task, address: number) => unknown;
const accesses: readonly [name: string, width: number, access: Access][] = [
  ['load8', 1, (task, at) => task.load8(at)],
  ['load16', 2, (task, at) => task.load16(at)],
  ['load32', 4, (task, at) => task.load32(at)],
  ['load64', 8, (task, at) => task.load64(at)],
  ['store8', 1, (task, at) => task.store8(at, 1)],
  ['store16', 2, (task, at) => task.store16(at, 1)],
  ['store32', 4, (task, at) => task.store32(at, 1)],
  ['store64', 8, (task, at) => task.store64(at, 1n)],
  ['read', 3, (task, at) => task.read(at, 3).length],
  ['write', 3, (task, at) => task.write(at, Uint8Array.of(1, 2, 3))],
];
const atomics: readonly [name: string, access: Access][] = [
  ['load', (task, at) => task.atomic.load(at)],
  ['store', (task, at) => task.atomic.store(at, 1)],
  ['add', (task, at) => task.atomic.add(at, 1)],
  ['compareExchange', (task, at) => task.atomic.compareExchange(at, 0, 1)],
  ['wait', (task, at) => task.atomic.wait(at, 0xffff)],
  ['notify', (task, at) => task.atomic.notify(at)],
];
const notAddresses: readonly unknown[] = [4096n, 2n ** 53n, 2n ** 64n - 1n, '4096', null, undefined, {}];
const notIntegers = [-1, -4096, 0.5, 4096.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 1e300];
const notValues: readonly unknown[] = [1n, '1', null, undefined];

/** Pages at the edges that an address can have. */
const places = (pageSize: number) => [2 ** 31, 2 ** 32, 2 ** 47 - pageSize];

/** How each access to each address went, and that it went as it should. */
function checkAccesses(task: Task, addresses: readonly number[], pageSize: number): void {
  const there = (address: number, width: number) =>
    Number.isSafeInteger(address) && places(pageSize).some((at) => address >= at && address + width <= at + pageSize);
  const fault = (error: Error) => error.name === 'MemoryFault';
  for (const address of [...addresses, ...notIntegers]) {
    for (const [name, width, access] of accesses) {
      const what = `${name} at ${address}`;
      if (there(address, width)) access(task, address);
      else assert.throws(() => access(task, address), fault, what);
    }
    for (const [name, access] of atomics) {
      const what = `atomic.${name} at ${address}`;
      if (address % 4 !== 0 && (address | 0) % 4 !== 0)
        assert.throws(() => access(task, address), /a multiple of 4/, what);
      else if (there(address, 4)) access(task, address);
      else
        assert.throws(
          () => access(task, address),
          (error: Error) => fault(error) || /a multiple of 4/.test(error.message),
          what,
        );
    }
  }
  for (const address of notAddresses)
    for (const [name, access] of [...accesses.map(([word, , one]) => [word, one] as const), ...atomics])
      assert.throws(() => access(task, address as number), isClear, `${name} at ${String(address)}`);
  const [at] = places(pageSize) as [number];
  for (const value of notValues as readonly number[]) {
    for (const store of [
      () => task.store8(at, value),
      () => task.store16(at, value),
      () => task.store32(at, value),
      () => task.store16(at + 1, value),
      () => task.atomic.store(at, value),
      () => task.atomic.exchange(at, value),
      () => task.atomic.compareExchange(at, value, 0),
      () => task.atomic.compareExchange(at, 0, value),
      () => task.atomic.wait(at, value),
    ])
      assert.throws(store, isClear, `a value of ${String(value)}`);
  }
  for (const value of [1, '1', null, undefined] as unknown as bigint[])
    assert.throws(() => task.store64(at, value), isClear, `a value of ${String(value)}`);
  for (const length of [-1, 0.5, Number.NaN, 2 ** 32 + 1, 2 ** 53, 1n, '1', null] as number[])
    assert.throws(() => task.read(at, length), isClear, `a length of ${String(length)}`);
  assert.throws(() => task.read(at, pageSize + 1), fault);
}

it('running freely, accesses reach what is there and fault elsewhere', (m) => {
  for (const address of places(m.pageSize)) m.client.allocate(m.pageSize, { address });
  checkAccesses(
    m.client,
    edges(m).filter((one) => typeof one === 'number'),
    m.pageSize,
  );
});

it('under a schedule they do the same', (m) => {
  const addresses = edges(new TestMachine()).filter((one) => typeof one === 'number');
  const scheduled = inline({
    setup(machine) {
      for (const address of places(4096)) machine.task('client').allocate(4096, { address });
    },
    tasks: {
      client(task: Task) {
        checkAccesses(task, addresses, 4096);
        return 'done';
      },
    },
  });
  const ended = scheduled.run(inOrder());
  assert.equal([ended.violations, ended.results], [[], { client: 'done' }]);
  assert.is(m.violations.length, 0);
});

runAccesses();
