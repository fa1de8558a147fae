// deadline: 600
/** The machine that follows Apple's page, under both page sizes, with and without swap and mapper. */
import { compareAll } from './runs.ts';

compareAll('documented');
