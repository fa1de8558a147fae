/** MachineOptions (api.md): defaults, and one clear line for what is wrong. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { configure, describeConfiguration } from '../../src/hardware/configuration.ts';

const test = suite('configuration');

test('has the defaults of api.md', () => {
  assert.equal(configure(), {
    physicalMemory: 16 * 2 ** 20,
    pageSize: 4096,
    semantics: 'documented',
    swap: 0,
    memoryPressure: false,
    lateShootdown: false,
    coherentDma: true,
    memoryModel: 'sc',
    mapper: false,
  });
  assert.equal(configure({}), configure());
});

test('accepts the edges: 1 MiB and 8 GiB, both page sizes, both semantics', () => {
  for (const physicalMemory of [2 ** 20, 8 * 2 ** 30]) {
    for (const pageSize of [4096, 16384] as const) {
      for (const semantics of ['documented', 'xnu'] as const) {
        for (const swap of [0, pageSize, 16 * 2 ** 30]) {
          const options = {
            physicalMemory,
            pageSize,
            semantics,
            swap,
            memoryPressure: swap > 0,
            lateShootdown: swap > 0,
            coherentDma: swap > 0,
            memoryModel: swap > 0 ? 'pso' : 'sc',
            mapper: false,
          } as const;
          assert.equal(configure(options), options);
        }
      }
    }
  }
});

test('has a mapper only when asked for one, with pages like the machine and addresses of 32 bits', () => {
  assert.equal(configure({ mapper: false }), configure());
  assert.equal(configure({ pageSize: 16384, mapper: {} }).mapper, { pageSize: 16384, addressBits: 32 });
  assert.equal(configure({ pageSize: 16384, mapper: { pageSize: 4096, addressBits: 20 } }).mapper, {
    pageSize: 4096,
    addressBits: 20,
  });
});

const refused: [unknown, string][] = [
  [{ physicalMemory: 2 ** 20 - 4096 }, 'physicalMemory'],
  [{ physicalMemory: 8 * 2 ** 30 + 4096 }, 'physicalMemory'],
  [{ physicalMemory: 2 ** 20 + 1 }, 'physicalMemory'],
  [{ memoryModel: 'arm' }, 'memoryModel'],
  [{ memoryModel: 'tso', coherentDma: false }, 'coherentDma'],
  [{ physicalMemory: 2 ** 20 + 4096, pageSize: 16384 }, '16384'],
  [{ physicalMemory: Number.NaN }, 'NaN'],
  [{ physicalMemory: -4096 }, '-4096'],
  [{ physicalMemory: '1048576' }, 'physicalMemory'],
  [{ physicalMemory: 1048576n }, 'physicalMemory'],
  [{ pageSize: 8192 }, '8192'],
  [{ pageSize: 0 }, 'pageSize'],
  [{ pageSize: '4096' }, 'pageSize'],
  [{ semantics: 'XNU' }, 'XNU'],
  [{ mapper: true }, 'mapper'],
  [{ mapper: { pageSize: 16384 } }, '16384'],
  [{ mapper: { pageSize: 8192 } }, '8192'],
  [{ mapper: { addressBits: 19 } }, '19'],
  [{ mapper: { addressBits: 48 } }, '48'],
  [{ mapper: { bits: 32 } }, 'mapper.bits'],
  [{ swap: 1 }, 'swap'],
  [{ swap: -4096 }, 'swap'],
  [{ swap: 16 * 2 ** 30 + 4096 }, 'swap'],
  [{ swap: 4096, pageSize: 16384 }, '16384'],
  [{ memoryPressure: 1 }, 'memoryPressure'],
  [{ lateShootdown: 1 }, 'lateShootdown'],
  [{ coherentDma: 'no' }, 'coherentDma'],
  [{ pressure: true }, 'pressure'],
  [null, 'object'],
  [7, '7'],
];

for (const [options, word] of refused) {
  test(`refuses ${JSON.stringify(options, (_, value) => (typeof value === 'bigint' ? `${value}n` : value))} in one line that names it`, () => {
    assert.throws(
      () => configure(options as never),
      (error: Error) =>
        (error instanceof RangeError || error instanceof TypeError) &&
        error.message.includes(word) &&
        !error.message.includes('\n'),
    );
  });
}

test('options that are not used leave the digest of a scenario as it was', () => {
  assert.equal(Object.keys(describeConfiguration(configure())), ['physicalMemory', 'pageSize', 'semantics']);
  const used = describeConfiguration(
    configure({ swap: 4096, memoryPressure: true, lateShootdown: true, coherentDma: false }),
  );
  const added = ['swap', 'memoryPressure', 'lateShootdown', 'coherentDma'];
  assert.equal(Object.keys(used), ['physicalMemory', 'pageSize', 'semantics', ...added]);
});

test.run();
