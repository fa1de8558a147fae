/** The coordinator's worker as the main thread holds it: started, known to be ready, and its end noticed. */
import { Worker } from 'node:worker_threads';
import { workerExecArgv, workerUrl } from '../packaging.ts';
import { type Control, Head } from './layout.ts';
import { errorOf } from './main-client.ts';
import type { CoordinatorReady, CoordinatorSetup, ScenarioReady } from './setup.ts';

/** How long loading may take, in milliseconds. */
const longestLoad = 30_000;
/** How long it may take to leave its loop. */
const longestExit = 2000;

export class CoordinatorWorker {
  private readonly worker: Worker;
  private readonly exited: Promise<void>;
  /** What it ended with after it was told to stop. */
  private late: Error | null = null;

  /** @param failed called once when it ends though nobody stopped it */
  constructor(
    setup: CoordinatorSetup,
    private readonly control: Control,
    failed: (reason: Error) => void,
  ) {
    this.worker = new Worker(workerUrl('coordinator'), { workerData: setup, execArgv: workerExecArgv() });
    let cause = '';
    this.worker.on('error', (error) => {
      cause = `: ${error.message}`;
    });
    this.exited = new Promise((resolve) => {
      this.worker.once('exit', () => {
        const reason = new Error(`the coordinator ended${cause}`);
        if (!control.stopped) failed(reason);
        else if (cause !== '') this.late = reason;
        resolve();
      });
    });
  }

  /** Resolves once it serves. Throws why it cannot. */
  async ready(): Promise<ScenarioReady | null> {
    let timer: NodeJS.Timeout | undefined;
    const message = await Promise.race([
      new Promise<CoordinatorReady>((resolve) => this.worker.once('message', resolve)),
      this.exited.then(
        (): CoordinatorReady => ({ error: { name: 'Error', message: 'the coordinator did not start' } }),
      ),
      new Promise<CoordinatorReady>((resolve) => {
        const late = {
          error: { name: 'ScenarioError', message: `the scenario was not loaded within ${longestLoad / 1000} s` },
        };
        timer = setTimeout(() => resolve(late), longestLoad);
      }),
    ]);
    clearTimeout(timer);
    if (message.error !== null) {
      await this.stop();
      throw errorOf(message.error.name, message.error.message);
    }
    return message.scenario;
  }

  unref(): void {
    this.worker.unref();
  }

  /** Stops the machine: everybody leaves. Ends the thread when it does not. Throws what the coordinator threw on its way out. */
  async stop(): Promise<void> {
    this.control.setHead(Head.Stop, 1);
    this.control.ring();
    for (let thread = 0; thread < this.control.threads; thread++) this.control.wake(thread);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => resolve(), longestExit);
    });
    await Promise.race([this.exited, late]);
    clearTimeout(timer);
    await this.worker.terminate();
    if (this.late !== null) throw this.late;
  }
}
