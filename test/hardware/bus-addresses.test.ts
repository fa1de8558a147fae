/** What a device's addresses mean: physical memory, without its first frame, as long as the device lives. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BusAddresses } from '../../src/hardware/bus-addresses.ts';
import { configure } from '../../src/hardware/configuration.ts';
import { Hardware } from '../../src/hardware/hardware.ts';
import { accessRead, accessWrite } from '../../src/hardware/translation-cache.ts';

const test = suite('bus addresses');
const hardware = Hardware.build(configure({ physicalMemory: 2 ** 20 }));

test('an address is that of physical memory, from the second frame to the last byte', () => {
  const bus = new BusAddresses(hardware);
  for (const access of [accessRead, accessWrite]) {
    for (const address of [4096, 4097, 2 ** 20 - 1]) assert.is(bus.translate(address, access), address);
    for (const address of [0, 4095, 2 ** 20, -4096, 4096.5, Number.NaN, 2 ** 60])
      assert.is(bus.translate(address, access), -1, String(address));
  }
});

test('writing marks no page as dirty: what a device wrote is its driver’s to say', () => {
  new BusAddresses(hardware).translate(8192, accessWrite);
  assert.is(hardware.frames.isDirty(2), false);
});

test('a device that is to stop has no address, and has seen every epoch', () => {
  let live = true;
  const bus = new BusAddresses(hardware, () => live);
  const words = new Int32Array(2);
  bus.publish(words, 1);
  hardware.tables.invalidate();
  assert.is(bus.translate(4096, accessRead), 4096);
  assert.is(words[1], hardware.tables.epochs[0]);
  live = false;
  assert.is(bus.translate(4096, accessRead), -1);
});

test.run();
