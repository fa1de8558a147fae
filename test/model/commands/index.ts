/** All commands by name, and the calls that none of them makes. */
import type { Pick } from '../pick.ts';
import type { World } from '../world.ts';
import { askingCommands } from './asking.ts';
import { bufferCommands } from './buffers.ts';
import { cacheCommands } from './caches.ts';
import { clientCommands } from './clients.ts';
import { compositeCommands } from './composites.ts';
import { descriptorCommands } from './descriptors.ts';
import { deviceCommands } from './devices.ts';
import { dmaCommands } from './dma.ts';
import { handleCommands } from './handles.ts';
import { lockCommands } from './locks.ts';
import { mapCommands } from './maps.ts';
import { memoryCommands } from './memory.ts';
import { preparedCommands } from './prepared.ts';
import { privilegedCommands } from './privileged.ts';
import { purgeableCommands } from './purgeable.ts';
import { redirectCommands } from './redirect.ts';
import { shortageCommands } from './shortage.ts';
import { threadCommands } from './threads.ts';
import { transferCommands } from './transfers.ts';

export const commands = {
  ...memoryCommands,
  ...purgeableCommands,
  ...descriptorCommands,
  ...askingCommands,
  ...preparedCommands,
  ...compositeCommands,
  ...bufferCommands,
  ...mapCommands,
  ...redirectCommands,
  ...dmaCommands,
  ...transferCommands,
  ...deviceCommands,
  ...cacheCommands,
  ...shortageCommands,
  ...clientCommands,
  ...threadCommands,
  ...lockCommands,
  ...privilegedCommands,
  ...handleCommands,
} satisfies Record<string, (world: World, pick: Pick) => void>;

export type CommandName = keyof typeof commands;

export const commandNames = Object.keys(commands) as CommandName[];

const numbersOf = (...groups: object[]): number[] =>
  groups.flatMap((group) => Object.keys(group).map((name) => commandNames.indexOf(name as CommandName)));

/** Numbers of commands that a run may be about. */
export const subjects: readonly (readonly number[])[] = [
  numbersOf(memoryCommands, purgeableCommands, shortageCommands),
  numbersOf(memoryCommands, purgeableCommands, descriptorCommands, askingCommands, preparedCommands, cacheCommands),
  numbersOf(descriptorCommands, askingCommands, preparedCommands, compositeCommands, bufferCommands),
  numbersOf(mapCommands, redirectCommands, descriptorCommands, askingCommands, preparedCommands),
  numbersOf(mapCommands, redirectCommands, compositeCommands, bufferCommands),
  numbersOf(
    dmaCommands,
    dmaCommands,
    transferCommands,
    transferCommands,
    deviceCommands,
    cacheCommands,
    preparedCommands,
  ),
  numbersOf(clientCommands, mapCommands),
  numbersOf(threadCommands, lockCommands),
  numbersOf(privilegedCommands, memoryCommands, purgeableCommands),
  numbersOf(handleCommands, shortageCommands, descriptorCommands, askingCommands, mapCommands),
];

/** Name of a call → why it is not driven. */
export const undriven: Readonly<Record<string, string>> = {};
