/** The edges of addresses, lengths and offsets in the calls on descriptors, buffers, maps and user clients (xnu-reference 3.2 to 3.9). */
import {
  kIODirectionOut,
  kIODirectionOutIn,
  kIOMapAnywhere,
  kIOMemoryIncoherentIOFlush,
  kIOMemoryRemote,
} from '../../src/iokit/options.ts';
import {
  kIOReturnBadArgument,
  kIOReturnError,
  kIOReturnSuccess,
  kIOReturnUnderrun,
} from '../../src/iokit/return-codes.ts';
import { IOBufferMemoryDescriptor } from '../../src/task/iokit/io-buffer-memory-descriptor.ts';
import { IOMemoryDescriptor, type Size } from '../../src/task/iokit/io-memory-descriptor.ts';
import { IOMultiMemoryDescriptor } from '../../src/task/iokit/io-multi-memory-descriptor.ts';
import { IOSubMemoryDescriptor } from '../../src/task/iokit/io-sub-memory-descriptor.ts';
import { IOUserClient } from '../../src/task/iokit/io-user-client.ts';
import { KERN_INVALID_ADDRESS } from '../../src/vm/kern-return.ts';
import { contiguous, physical, prepared } from '../support/dma.ts';
import { edgeSuite } from '../support/edges.ts';
import type { Semantics, TestMachine } from '../support/machine.ts';

const { edge, run } = edgeSuite('edges of descriptors and maps');
const pages = 2;
const four = () => new Uint8Array(4);
const whole = (m: TestMachine) => BigInt(pages * m.pageSize);
const nothing = { address: 0, length: 0 };

/** Two adjacent pages of the client's, prepared, as each kind of descriptor has them. */
const kinds: [kind: string, make: (m: TestMachine, address: number) => IOMemoryDescriptor][] = [
  ['a descriptor', (m, address) => prepared(m, address, pages * m.pageSize)],
  [
    'a part',
    (m, address) => {
      const md = prepared(m, address, pages * m.pageSize);
      return IOSubMemoryDescriptor.withSubRange(md, 0, pages * m.pageSize, kIODirectionOutIn);
    },
  ],
  [
    'a multi descriptor',
    (m, address) =>
      IOMultiMemoryDescriptor.withDescriptors([prepared(m, address, pages * m.pageSize)], kIODirectionOutIn),
  ],
];
for (const [kind, make] of kinds) {
  edge(`getPhysicalSegment of ${kind}: offset`, (m) => {
    const address = contiguous(m, pages);
    const md = make(m, address);
    return {
      act: (offset) => md.getPhysicalSegment(offset),
      legal: (offset) => offset < whole(m),
      otherwise: nothing,
      answer: (offset) => ({
        address: physical(m, address) + Number(offset),
        length: pages * m.pageSize - Number(offset),
      }),
    };
  });
  /** What a copy of four bytes answers. The sources copy nothing where not all of them are there. */
  const copied = (m: TestMachine, semantics: Semantics, offset: bigint) => {
    const left = whole(m) - offset;
    return semantics === 'documented' || left >= 4n ? Number(left < 4n ? left : 4n) : 0;
  };
  edge(`readBytes of ${kind}: offset`, (m, semantics) => {
    const md = make(m, contiguous(m, pages));
    return {
      act: (offset) => md.readBytes(offset, four()),
      legal: (offset) => offset < whole(m),
      otherwise: 0,
      answer: (offset) => copied(m, semantics, offset),
    };
  });
  edge(`writeBytes of ${kind}: offset`, (m, semantics) => {
    const md = make(m, contiguous(m, pages));
    return {
      act: (offset) => md.writeBytes(offset, four()),
      legal: (offset) => offset < whole(m),
      otherwise: 0,
      answer: (offset) => copied(m, semantics, offset),
    };
  });
  edge(`writeBytes of ${kind}: a length of zeros`, (m, semantics) => {
    const md = make(m, contiguous(m, pages));
    return {
      act: (length) => md.writeBytes(0, null, length),
      legal: (length) => semantics === 'documented' || length <= whole(m),
      otherwise: 0,
      answer: (length) => Number(length < whole(m) ? length : whole(m)),
    };
  });
  edge(`performOperation of ${kind}: offset`, (m) => {
    const md = make(m, contiguous(m, pages));
    return {
      act: (offset) => md.performOperation(kIOMemoryIncoherentIOFlush, offset, 1),
      legal: (offset) => offset <= whole(m),
      otherwise: kIOReturnUnderrun,
      answer: () => kIOReturnSuccess,
    };
  });
  edge(`performOperation of ${kind}: length`, (m) => {
    const md = make(m, contiguous(m, pages));
    return {
      act: (length) => md.performOperation(kIOMemoryIncoherentIOFlush, 1, length),
      legal: () => true,
      otherwise: null,
      answer: () => kIOReturnSuccess,
    };
  });
}
edge('getPhysicalSegment of memory of another machine: address', (m) => ({
  act: (address) => {
    const md = IOMemoryDescriptor.withPhysicalAddress(address, 1, kIODirectionOut | kIOMemoryRemote);
    if (md === null) return null;
    const segment = md.getPhysicalSegment(0);
    md.release();
    return segment;
  },
  // The end of its page is to be expressible.
  legal: (address) => address + BigInt(m.pageSize) < 2n ** 64n,
  otherwise: null,
  answer: (address) => ({ address: Number(address), length: 1 }),
}));

// Maps.

edge('setMapping: the address is trusted', (m) => {
  const md = prepared(m, contiguous(m, 1), 16);
  return {
    act: (address) => {
      const map = md.setMapping(m.other, address);
      const at = map.getVirtualAddress();
      map.release();
      return at;
    },
    legal: () => true,
    otherwise: null,
    answer: Number,
  };
});
const mapOf = (m: TestMachine) => {
  const md = prepared(m, contiguous(m, pages), pages * m.pageSize);
  return { md, map: md.createMappingInTask(m.other, 0, kIOMapAnywhere) };
};
edge('getPhysicalSegment of a map: offset', (m) => {
  const { map } = mapOf(m);
  return { act: (offset) => map.getPhysicalSegment(offset), legal: (offset) => offset < whole(m), otherwise: nothing };
});
edge(
  'redirect: offset',
  (m) => {
    const { map } = mapOf(m);
    const other = prepared(m, contiguous(m, pages + 1), (pages + 1) * m.pageSize);
    return {
      act: (offset) => {
        const code = map.redirect(other, 0, offset);
        if (code === kIOReturnSuccess) map.redirect(other, 0, 0);
        return code;
      },
      // Where in its page the memory begins stays.
      legal: (offset) => offset === 0n || offset === BigInt(m.pageSize),
      otherwise: kIOReturnError,
      answer: () => kIOReturnSuccess,
    };
  },
  ['documented'],
);
for (const [name, wire] of [
  ['offset', (value: Size) => [value, 1]],
  ['length', (value: Size) => [0, value]],
] as [string, (value: Size) => [Size, Size]][])
  edge(
    `wireRange: ${name}`,
    (m) => {
      const { map } = mapOf(m);
      return {
        act: (value) => {
          const [offset, length] = wire(value);
          const code = map.wireRange(kIODirectionOutIn, offset, length);
          if (code === kIOReturnSuccess) map.wireRange(0, offset, length);
          return code;
        },
        legal: (value) => (name === 'offset' ? value < whole(m) : value <= whole(m)),
        otherwise: KERN_INVALID_ADDRESS,
        answer: () => kIOReturnSuccess,
      };
    },
    ['documented'],
  );

// Buffers.

const buffer = () => IOBufferMemoryDescriptor.withCapacity(16, kIODirectionOutIn);
edge('setLength: what is beyond the capacity is ignored', () => {
  const md = buffer();
  return {
    act: (length) => {
      md.setLength(length);
      const now = md.getLength();
      md.setLength(16);
      return now;
    },
    legal: (length) => length < 16n,
    otherwise: 16,
    answer: Number,
  };
});
edge('getBytesNoCopy: start', () => {
  const md = buffer();
  return {
    act: (start) => md.getBytesNoCopy(start, 1),
    legal: (start) => start < 16n,
    otherwise: null,
    answer: (start) => md.getBytesNoCopy() + Number(start),
  };
});
edge('getBytesNoCopy: length', () => {
  const md = buffer();
  return { act: (length) => md.getBytesNoCopy(1, length), legal: (length) => length <= 15n, otherwise: null };
});
edge('inTaskWithPhysicalMask: mask', (m) => ({
  act: (mask) => {
    const made = IOBufferMemoryDescriptor.inTaskWithPhysicalMask(m.kernel, kIODirectionOut, 16, mask);
    made?.release();
    return made === null ? null : 'made';
  },
  // The lowest bit says how the buffer is aligned, the highest where it ends; frame 0 is never given out.
  legal: (mask) =>
    mask === 0n || (mask >= m.pageSize && (mask & -mask) < BigInt(m.hardware.configuration.physicalMemory)),
  otherwise: null,
}));

// User clients.

edge('mapClientMemory64: address', (m) => {
  const md = prepared(m, contiguous(m, pages), pages * m.pageSize);
  const client = IOUserClient.withTask(m.other);
  client.clientMemoryForType(0, md);
  // From the first map on the descriptor is tied to its memory.
  client.mapClientMemory64(0, m.other);
  client.unmapClientMemory(0, m.other);
  return {
    act: (address) => {
      const map = client.mapClientMemory64(0, m.other, 0, address);
      const at = map?.getVirtualAddress() ?? null;
      if (map !== null) client.unmapClientMemory(0, m.other, address);
      return at;
    },
    legal: (address) =>
      address >= m.pageSize && (address / BigInt(m.pageSize)) * BigInt(m.pageSize) + whole(m) <= 2n ** 47n,
    otherwise: null,
    answer: (address) => Number(address) - (Number(address) % m.pageSize),
  };
});
edge('unmapClientMemory: the address means nothing', (m) => {
  const client = IOUserClient.withTask(m.other);
  return {
    act: (address) => client.unmapClientMemory(0, m.other, address),
    legal: () => false,
    otherwise: kIOReturnBadArgument,
  };
});

run();
