/**
 * Entry of a task's worker in its pool. Piscina tries `require` first, and tsx would then load the whole library as CommonJS, a
 * second one beside that of the scenario; a module that awaits at its top can only be imported.
 */
const { carryTask } = await import('../src/machine/threads/task-main.ts');

export default carryTask;
