/** The worker at the other end of synckit. */
import { runAsWorker } from 'synckit';

runAsWorker(async (value) => value);
