// deadline: 600
/** The machine that follows the sources, under both page sizes, with and without swap and mapper. */
import { compareAll } from './runs.ts';

compareAll('xnu');
