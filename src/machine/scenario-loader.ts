/**
 * Loads a scenario file: one instance of its modules for `setup`, `check` and `outcome`, and one for each simulated thread, so
 * that threads share nothing but memory and messages.
 */
import { fileURLToPath } from 'node:url';
import { configure, describeConfiguration, type MemoryModel } from '../hardware/configuration.ts';
import { isScenario, planThreads, type Scenario, type ThreadFunction } from '../task/scenario.ts';
import { ScenarioError, UsageError } from './errors.ts';
import type { LoadedScenario } from './loaded-scenario.ts';
import { loadModule } from './user-module.ts';

/**
 * Loads every instance. `name` picks out of a file with several scenarios, `memoryModel` stands in for the one of the machine. Throws
 * ScenarioError or UsageError.
 */
export async function loadScenario(
  url: string,
  name: string | null,
  memoryModel: MemoryModel | null = null,
): Promise<LoadedScenario> {
  const loaded = await loadForSetup(url, name, 'setup', memoryModel);
  const functions: ThreadFunction<unknown>[] = [];
  for (const [number, plan] of loaded.plans.entries())
    functions.push(await threadFunction(url, loaded.scenario.name, number, plan.name, number));
  return { ...loaded, functions, yielding: await yieldingFunctions(url, loaded) };
}

/** The functions of all threads, compiled. Null where that gains nothing, or fails: the others do the same, slower. */
async function yieldingFunctions(
  url: string,
  { scenario, plans }: LoadedScenario,
): Promise<ThreadFunction<unknown>[] | null> {
  try {
    const functions: ThreadFunction<unknown>[] = [];
    for (const [number, plan] of plans.entries()) {
      const instance = `${number}-yields`;
      if (!(await loadModule(url, instance)).wiredownYields) return null;
      functions.push(await threadFunction(url, scenario.name, number, plan.name, instance));
    }
    return functions;
  } catch {
    return null;
  }
}

/** What `setup`, `check` and `outcome` need; `instance` null where the threads are in other workers. */
export async function loadForSetup(
  url: string,
  name: string | null,
  instance: 'setup' | null,
  memoryModel: MemoryModel | null,
): Promise<LoadedScenario> {
  const declared = await loadInstance(url, name, instance);
  const scenario = memoryModel === null ? declared : { ...declared, machine: { ...declared.machine, memoryModel } };
  try {
    const plans = planThreads(scenario);
    return {
      scenario,
      plans,
      functions: [],
      yielding: null,
      digest: digestOf(
        scenario,
        plans.map((plan) => plan.name),
      ),
    };
  } catch (error) {
    throw new ScenarioError(`${display(url)}: ${(error as Error).message}`);
  }
}

/** The function of one thread; `instance` null where this JavaScript thread carries no other one. */
export async function threadFunction(
  url: string,
  name: string,
  number: number,
  thread: string,
  instance: number | string | null,
): Promise<ThreadFunction<unknown>> {
  const scenario = await loadInstance(url, name, instance);
  const plan = planThreads(scenario)[number];
  if (plan?.name !== thread) {
    throw new ScenarioError(
      `${display(url)}: loaded again, thread ${number} is ${plan?.name}, not ${thread}: the file's exports must not change`,
    );
  }
  return plan.run;
}

/** Names of the scenarios in a file, in order. */
export async function scenarioNames(url: string): Promise<string[]> {
  return (await exported(url, 'setup')).map((scenario) => scenario.name);
}

async function loadInstance(url: string, name: string | null, instance: number | string | null): Promise<Scenario> {
  const all = await exported(url, instance);
  if (name === null) {
    if (all.length === 1) return all[0]!;
    throw new UsageError(`${display(url)} has ${all.length} scenarios; choose one by name: ${names(all)}`);
  }
  const found = all.find((scenario) => scenario.name === name);
  if (found === undefined)
    throw new UsageError(`${display(url)} has no scenario ${JSON.stringify(name)}; it has ${names(all)}`);
  return found;
}

async function exported(url: string, instance: number | string | null): Promise<Scenario[]> {
  const path = fileURLToPath(url);
  const module = await loadModule(url, instance);
  const value = module.default;
  const all = Array.isArray(value) ? value : [value];
  if (value === undefined || all.length === 0 || !all.every(isScenario)) {
    throw new ScenarioError(`${path}: it has no scenario as its default export: export default defineScenario({ … })`);
  }
  const repeated = all.find((scenario, i) => all.findIndex((other) => other.name === scenario.name) !== i);
  if (repeated !== undefined)
    throw new ScenarioError(`${path}: two scenarios are named ${JSON.stringify(repeated.name)}`);
  return all;
}

/** What tokens depend on: name, threads and machine. 24 bits as hexadecimal digits. */
function digestOf(scenario: Scenario, threads: readonly string[]): string {
  const described = JSON.stringify([scenario.name, threads, describeConfiguration(configure(scenario.machine))]);
  let hash = 0x811c9dc5;
  for (let i = 0; i < described.length; i++) hash = Math.imul(hash ^ described.charCodeAt(i), 0x01000193);
  return ((hash ^ (hash >>> 13)) & 0xffffff).toString(16).padStart(6, '0');
}

const display = (url: string): string => fileURLToPath(url);

const names = (all: readonly Scenario[]): string => all.map((scenario) => JSON.stringify(scenario.name)).join(', ');
