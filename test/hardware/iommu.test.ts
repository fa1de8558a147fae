/** The IOMMU: translation, rights, a cache that forgets only when it is flushed, and rollback (race-catalogue B09). */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { configure } from '../../src/hardware/configuration.ts';
import { Hardware } from '../../src/hardware/hardware.ts';
import {
  type Iommu,
  iommuBadAddress,
  iommuNotMapped,
  iommuNotPermitted,
  iommuReason,
} from '../../src/hardware/iommu.ts';
import { accessRead, accessWrite } from '../../src/hardware/translation-cache.ts';
import { seeded } from '../support/seeded.ts';

const test = suite('iommu');
const both = accessRead | accessWrite;

function build(pageSize: 4096 | 16384 = 4096): { iommu: Iommu; hardware: Hardware } {
  const hardware = Hardware.build(configure({ physicalMemory: 2 ** 20, pageSize, mapper: { addressBits: 24 } }));
  return { iommu: hardware.iommu!, hardware };
}

test('there is none unless the machine has a mapper', () => {
  assert.is(Hardware.build(configure({ physicalMemory: 2 ** 20 })).iommu, null);
});

for (const pageSize of [4096, 16384] as const) {
  test(`translates every byte of a page and nothing beside it [${pageSize}]`, () => {
    const { iommu } = build(pageSize);
    assert.ok(iommu.map(5, 9, both));
    for (const offset of [0, 1, pageSize - 1])
      assert.is(iommu.translate(5 * pageSize + offset, accessRead), 9 * pageSize + offset);
    assert.is(iommu.translate(5 * pageSize - 1, accessRead), iommuNotMapped);
    assert.is(iommu.translate(6 * pageSize, accessRead), iommuNotMapped);
    assert.is(iommu.lookup(5), 9);
    assert.is(iommu.lookup(6), -1);
  });
}

test('refuses what the rights do not allow, and addresses that are none', () => {
  const { iommu } = build();
  iommu.map(1, 1, accessRead);
  iommu.map(2, 2, accessWrite);
  iommu.map(3, 3, 0);
  assert.is(iommu.translate(4096, accessWrite), iommuNotPermitted);
  assert.is(iommu.translate(8192, accessRead), iommuNotPermitted);
  assert.is(iommu.translate(8192, accessWrite), 8192);
  assert.is(iommu.translate(3 * 4096, accessRead), iommuNotPermitted);
  for (const address of [-1, 0.5, 2 ** 24, Number.NaN, Number.POSITIVE_INFINITY])
    assert.is(iommu.translate(address, accessRead), iommuBadAddress);
  assert.equal([iommuNotMapped, iommuNotPermitted, iommuBadAddress].map(iommuReason), [
    'not mapped',
    'protected',
    'bad address',
  ]);
});

test('maps no memory that the machine does not have', () => {
  const { iommu } = build();
  assert.ok(iommu.map(1, 255, both));
  assert.not(iommu.map(1, 256, both));
  assert.is(iommu.lookup(1), 255);
});

test('B09: a page that was used stays usable after unmap until it is flushed; one that was not is gone at once', () => {
  const { iommu } = build();
  iommu.map(1, 1, accessRead);
  iommu.map(2, 2, both);
  iommu.map(3, 3, both);
  assert.is(iommu.translate(4096, accessRead), 4096);
  assert.is(iommu.translate(8192, accessWrite), 8192);
  iommu.unmap(1, 3);
  assert.is(iommu.lookup(1), -1);
  assert.is(iommu.translate(4096, accessRead), 4096);
  assert.is(iommu.translate(8192 + 7, accessRead), 8192 + 7);
  assert.is(iommu.translate(3 * 4096, accessRead), iommuNotMapped);
  iommu.flush(1, 1);
  assert.is(iommu.translate(4096, accessRead), iommuNotMapped);
  assert.is(iommu.translate(8192, accessRead), 8192);
  iommu.flush(2, 1);
  assert.is(iommu.translate(8192, accessRead), iommuNotMapped);
});

test('a stale translation keeps its frame and its rights when the page is mapped anew', () => {
  const { iommu } = build();
  iommu.map(1, 1, accessRead);
  iommu.translate(4096, accessRead);
  iommu.map(1, 2, both);
  assert.is(iommu.translate(4096, accessRead), 4096);
  assert.is(iommu.translate(4096, accessWrite), iommuNotPermitted);
  iommu.flush(1, 1);
  assert.is(iommu.translate(4096, accessWrite), 8192);
});

test('whatever was mapped, used, unmapped and flushed is rolled back (rule 19, property)', () => {
  const step = fc.record({
    kind: fc.constantFrom('map', 'unmap', 'flush', 'use'),
    page: fc.nat(40),
    frame: fc.nat(255),
  });
  const run = (iommu: Iommu, steps: { kind: string; page: number; frame: number }[]) =>
    steps.map(({ kind, page, frame }) => {
      if (kind === 'map') return iommu.map(page, frame, 1 + (frame % 3));
      if (kind === 'unmap') return iommu.unmap(page, 3);
      if (kind === 'flush') return iommu.flush(page, 3);
      return iommu.translate(page * 4096 + frame, 1 + (frame % 2));
    });
  seeded(
    fc.property(fc.array(step, { maxLength: 30 }), fc.array(step, { maxLength: 30 }), (first, second) => {
      const { iommu, hardware } = build();
      run(iommu, first);
      hardware.journal.base();
      const before = JSON.stringify(iommu.translations());
      const once = run(iommu, second);
      hardware.journal.rollback();
      assert.is(JSON.stringify(iommu.translations()), before);
      assert.equal(run(iommu, second), once);
    }),
    60,
  );
});

test.run();
