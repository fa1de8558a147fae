/**
 * What others have published about executions to the first bug, recomputed from their raw data: 20 trials each, at most 10,000
 * executions, means over the trials that found it. SURW, URW, POS, PCT-3 and random are from the artifact of SURW (ASPLOS 2025), RFF from
 * its own (ASPLOS 2024), which found the bug of every program listed here in all 20 trials.
 *
 * They make every memory access a scheduling point, where here only accesses to shared pages and kernel calls are points.
 */
export type Column = 'random' | 'pct' | 'pos' | 'urw' | 'surw' | 'rff';

const columns: readonly Column[] = ['random', 'pct', 'pos', 'urw', 'surw', 'rff'];

const row = (...figures: string[]): Partial<Record<Column, string>> =>
  Object.fromEntries(columns.map((column, i) => [column, figures[i]!]));

export const published: Readonly<Record<string, Partial<Record<Column, string>>>> = {
  account: row('18±24', '4±2', '4±3', '3±1', '6±5', '1±0'),
  bluetooth_driver: row('215±225', '112±73', '36±29', '1494±1474 (19/20)', '70±55', '45±35'),
  circular_buffer: row('4±3', '9±7', '2±1', '14±12', '3±1', '2±1'),
  deadlock01: row('3±3', '13±12', '4±3', '3±1', '2±0', '5±4'),
  lazy01: row('21±21', '5±3', '5±3', '4±2', '2±0', '6±6'),
  stack: row('176±136', '3±2', '2±1', '986±1163 (19/20)', '5±3', '2±1'),
  twostage: row('464±581', '13±14', '15±12', '9±8', '8±4', '8±7'),
  twostage_20: row('none', '159±151', '156±137', '24±28', '6±3', '22±19'),
  twostage_50: row('none', '1676±1715', '1637±1385', '93±58', '20±17', '35±27'),
  twostage_100: row('none', '7466±831 (3/20)', '6674±2877 (3/20)', '2992±2589 (18/20)', '454±444', '56±71'),
  reorder_3: row('none', '185±199', '86±70', '24±23', '7±7', '7±5'),
  reorder_4: row('none', '554±643', '533±651', '22±27', '7±6', '6±5'),
  reorder_5: row('none', '647±517', '2169±2182', '27±28', '10±9', '6±4'),
  reorder_10: row('none', '3225±2426 (16/20)', 'none', '74±65', '17±11', '6±4'),
  reorder_20: row('none', '3005±2680', 'none', '10±9', '6±4', '6±4'),
  reorder_50: row('none', '3304±1721 (6/20)', 'none', '75±62', '13±12', '6±4'),
  reorder_100: row('none', 'none', 'none', '3785±3062 (12/20)', '194±214', '6±4'),
  'aget-bug2': row('1±0', '2±0', '1±0', '–', '2±0', '1±0'),
  'stringbuffer-jdk1.4': row('2243±2324 (19/20)', '281±261', '23±19', '834±608', '8±7', '15±18'),
  WorkStealQueue: row('–', '48±49', '12±7', '13±10', '6±4', '10±8'),
  'ctrace-test': row('1±0', '2±0', '1±0', '–', '–', '1±0'),
};
