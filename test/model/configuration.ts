/** The machines that the model is compared with: each does something that the others do not, and nobody must be able to tell. */
import { type Semantics, TestMachine } from '../support/machine.ts';

export interface Configuration {
  readonly semantics: Semantics;
  readonly pageSize: 4096 | 16384;
  readonly swap?: boolean;
  readonly mapper?: boolean;
  readonly coherentDma?: boolean;
  readonly lateShootdown?: boolean;
}

/** Under both semantics and both page sizes. */
export const kinds: readonly Omit<Configuration, 'semantics' | 'pageSize'>[] = [
  {},
  { swap: true },
  { mapper: true },
  { lateShootdown: true },
  { mapper: true, coherentDma: false },
];

/** Enough for what fifty commands ask for; who wants them to be short takes the rest. */
const frames = 512;

export function machineFor({ pageSize, swap, mapper, ...others }: Configuration): TestMachine {
  return new TestMachine({
    ...others,
    pageSize,
    physicalMemory: frames * pageSize,
    swap: swap ? frames * pageSize : 0,
    mapper: mapper ? { pageSize: 4096, addressBits: 32 } : false,
  });
}
