// deadline: 300
/** What breaks a watched invariant breaks it on threads too, at the same place of the same trace. */
import { suite } from 'uvu';
import { scenarioNames } from '../../src/machine/scenario-loader.ts';
import { alikeOnBothCarriers } from './support/carriers.ts';

const test = suite('watched invariants on threads');
const url = new URL('../fixtures/invariant-scenarios.ts', import.meta.url).href;

for (const name of await scenarioNames(url)) test(name, () => alikeOnBothCarriers(url, name, 5));

test.run();
