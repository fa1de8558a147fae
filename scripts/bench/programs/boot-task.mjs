/** The least that a task can be. */
export const ready = () => true;
