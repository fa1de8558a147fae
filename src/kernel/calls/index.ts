/** The call table: every kernel call with its number, for both sides. */
import type { Call } from '../call.ts';
import { addressSpaceCalls } from './address-space.ts';
import { descriptorCalls } from './descriptor.ts';
import { deviceCalls } from './device.ts';
import { frameCalls } from './frames.ts';
import { lockCalls } from './lock.ts';
import { mapCalls } from './map.ts';
import { memoryCalls } from './memory.ts';
import { messageCalls } from './message.ts';
import { objectCalls } from './object.ts';
import { timeCalls } from './time.ts';
import { userClientCalls } from './user-client.ts';

export const calls = {
  ...objectCalls,
  ...messageCalls,
  ...timeCalls,
  ...memoryCalls,
  ...descriptorCalls,
  ...mapCalls,
  ...lockCalls,
  ...deviceCalls,
  ...userClientCalls,
  ...addressSpaceCalls,
  ...frameCalls,
};

export const callTable: readonly Call[] = Object.values(calls) as unknown as Call[];
callTable.forEach((entry, number) => {
  entry.number = number;
});
