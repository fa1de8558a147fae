/** The call table: every kernel call with its number, for both sides. */
import type { Call } from '../call.ts';
import { addressSpaceCalls } from './address-space.ts';
import { bufferCalls } from './buffer.ts';
import { cacheCalls } from './cache.ts';
import { compositeCalls } from './composite.ts';
import { cursorCalls } from './cursor.ts';
import { descriptorCalls } from './descriptor.ts';
import { descriptorStateCalls } from './descriptor-state.ts';
import { deviceCalls } from './device.ts';
import { dextMemoryCalls } from './dext-memory.ts';
import { dmaCommandCalls } from './dma-command.ts';
import { driverkitCalls } from './driverkit.ts';
import { frameCalls } from './frames.ts';
import { lockCalls } from './lock.ts';
import { mapCalls } from './map.ts';
import { mapperCalls } from './mapper.ts';
import { memoryCalls } from './memory.ts';
import { messageCalls } from './message.ts';
import { objectCalls } from './object.ts';
import { pageListCalls } from './page-list.ts';
import { redirectCalls } from './redirect.ts';
import { timeCalls } from './time.ts';
import { translationCalls } from './translation.ts';
import { userClientCalls } from './user-client.ts';
import { virtualMemoryCalls, wiredMemoryCalls } from './virtual-memory.ts';

export const calls = {
  ...objectCalls,
  ...messageCalls,
  ...timeCalls,
  ...memoryCalls,
  ...descriptorCalls,
  ...mapCalls,
  ...virtualMemoryCalls,
  ...descriptorStateCalls,
  ...compositeCalls,
  ...bufferCalls,
  ...pageListCalls,
  ...redirectCalls,
  ...mapperCalls,
  ...dmaCommandCalls,
  ...cursorCalls,
  ...driverkitCalls,
  ...lockCalls,
  ...deviceCalls,
  ...userClientCalls,
  ...addressSpaceCalls,
  ...frameCalls,
  ...dextMemoryCalls,
  ...wiredMemoryCalls,
  ...translationCalls,
  ...cacheCalls,
};

export const callTable: readonly Call[] = Object.values(calls) as unknown as Call[];
callTable.forEach((entry, number) => {
  entry.number = number;
});
