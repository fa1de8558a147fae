/** A Redis of our own: on a free port of this machine, with a folder of its own, gone with the test. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** Whether Debian's package redis-server, or another one, is here. */
export const hasRedis = spawnSync('redis-server', ['--version']).status === 0;

const longestStart = 20_000;

const started = new Set<Redis>();
process.once('exit', () => {
  for (const redis of started) redis.end();
});

export class Redis {
  private readonly folder = mkdtempSync(join(tmpdir(), 'wiredown-redis-'));
  private server: ChildProcess | null = null;

  private constructor(
    private readonly port: number,
    private readonly durable: boolean,
  ) {
    started.add(this);
  }

  /** @param durable whether it still knows everything when it was killed and is started again */
  static async start({ durable = false } = {}): Promise<Redis> {
    const redis = new Redis(await freePort(), durable);
    await redis.restart();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async restart(): Promise<void> {
    const keeping = this.durable ? ['--appendonly', 'yes', '--appendfsync', 'always'] : ['--appendonly', 'no'];
    const place = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.folder];
    this.server = spawn('redis-server', [...place, '--save', '', ...keeping], { stdio: 'ignore' });
    const end = Date.now() + longestStart;
    while (!(await this.answers())) {
      if (Date.now() > end || this.server.exitCode !== null)
        throw new Error(`redis-server does not answer at ${this.url}, exit status ${this.server.exitCode}`);
      await wait(20);
    }
  }

  async kill(): Promise<void> {
    const { server } = this;
    if (server === null) return;
    this.server = null;
    server.kill('SIGKILL');
    await once(server, 'exit');
  }

  /** For good. */
  end(): void {
    this.server?.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }

  private answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1', () => socket.write('PING\r\n'));
      socket.setTimeout(1000, () => socket.destroy());
      socket.on('data', (answer) => {
        resolve(String(answer).startsWith('+PONG'));
        socket.destroy();
      });
      socket.on('error', () => resolve(false));
      socket.on('close', () => resolve(false));
    });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
