/** The call table: every kernel call with its number, for both sides. */
import type { Call } from '../call.ts';
import { cursorCalls } from './cursor.ts';
import { descriptorCalls } from './descriptor.ts';
import { dmaCommandCalls } from './dma-command.ts';
import { driverkitCalls } from './driverkit.ts';
import { mapCalls } from './map.ts';
import { mapperCalls } from './mapper.ts';
import { memoryCalls } from './memory.ts';
import { messageCalls } from './message.ts';
import { objectCalls } from './object.ts';
import { timeCalls } from './time.ts';

export const calls = {
  ...objectCalls,
  ...messageCalls,
  ...timeCalls,
  ...memoryCalls,
  ...descriptorCalls,
  ...mapCalls,
  ...mapperCalls,
  ...dmaCommandCalls,
  ...cursorCalls,
  ...driverkitCalls,
};

export const callTable: readonly Call[] = Object.values(calls) as unknown as Call[];
callTable.forEach((entry, number) => {
  entry.number = number;
});
