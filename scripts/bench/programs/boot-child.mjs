/** Prints how many milliseconds it takes from nothing to four live tasks. Its argument is the built library. */
import { pathToFileURL } from 'node:url';

const start = performance.now();
const { Machine } = await import(pathToFileURL(process.argv[2]).href);
const machine = await Machine.boot({ physicalMemory: 16 << 20 });
const file = new URL('./boot-task.mjs', import.meta.url);
const tasks = await Promise.all(['a', 'b', 'c', 'd'].map((name) => machine.spawn(file, { name })));
await Promise.all(tasks.map((task) => task.call('ready')));
process.stdout.write(String(performance.now() - start));
await machine.shutdown();
