import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, unlink, type FileHandle } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findOthers, socketPath, type OwnerFacts, type OwnerHello } from './owner-sockets.js';

/** Another process has this data directory, or is about to. */
export class DataDirectoryOwnedError extends Error {
  readonly code = 'DATA_DIRECTORY_OWNED';
}

const CONTEND_TIMEOUT_MS = 10_000;
const CONTEND_PAUSE_MS = 50;

/**
 * The ownership of a data directory by one process of this host. It is a Unix socket in
 * `<dataDir>/owner`, so it dies with its process, whatever killed it, and works across containers
 * that share the directory; a pid file would lie across both, a lease would outlive a SIGKILL. The
 * socket also tells tools what they need to work beside the owner (`OwnerFacts`).
 *
 * Every contender binds a socket of its own, then looks at the others. It owns once it saw no other
 * live socket: of two contenders at least one sees the other, since both bind before they look. Of
 * two that see each other the one with the later name gives up. Names are never used again, so a
 * dead socket can be removed without harming anybody.
 */
export class DataDirectoryOwner {
  private state: OwnerHello['state'] = 'contending';
  private facts: () => OwnerFacts = () => ({});

  private constructor(
    private readonly directory: FileHandle,
    private readonly path: string,
    private readonly name: string,
    private readonly server: Server,
  ) {}

  /** @throws DataDirectoryOwnedError when another process has it. */
  static async acquire(dataDir: string): Promise<DataDirectoryOwner> {
    const path = join(dataDir, 'owner');
    await mkdir(path, { recursive: true, mode: 0o700 });
    const directory = await open(path, 'r');
    const name = `${Date.now()}-${randomBytes(6).toString('hex')}.sock`;
    const server = createServer();
    const owner = new DataDirectoryOwner(directory, path, name, server);
    try {
      await owner.bind();
      await owner.contend(dataDir);
      return owner;
    } catch (error) {
      await owner.release();
      throw error;
    }
  }

  /** From now on, what tools are told when they ask. */
  tell(facts: () => OwnerFacts): void {
    this.facts = facts;
  }

  async release(): Promise<void> {
    if (this.server.listening) {
      await new Promise<void>((resolve) => {
        this.server.close(() => {
          resolve();
        });
      });
    }
    await unlink(join(this.path, this.name)).catch(() => undefined);
    await this.directory.close().catch(() => undefined);
  }

  private async bind(): Promise<void> {
    this.server.on('connection', (socket) => {
      socket.on('error', () => undefined);
      const hello: OwnerHello = { state: this.state, pid: process.pid, ...this.facts() };
      socket.end(`${JSON.stringify(hello)}\n`);
    });
    this.server.unref();
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(socketPath(this.directory, this.path, this.name), resolve);
    });
  }

  private async contend(dataDir: string): Promise<void> {
    const deadline = Date.now() + CONTEND_TIMEOUT_MS;
    while (Date.now() < deadline) {
      const others = await findOthers(this.directory, this.path, this.name);
      const owner = others.find(({ hello }) => hello.state === 'owner');
      if (owner !== undefined) throw owned(dataDir, owner.hello.pid);
      const earlier = others.find(({ name }) => name < this.name);
      if (earlier !== undefined) throw owned(dataDir, earlier.hello.pid);
      if (others.length === 0) {
        this.state = 'owner';
        if (!existsSync(join(this.path, this.name))) throw removed(this.path);
        return;
      }
      await sleep(CONTEND_PAUSE_MS);
    }
    throw owned(dataDir, null);
  }
}

function owned(dataDir: string, pid: number | null): DataDirectoryOwnedError {
  const who = pid === null ? 'another process' : `process ${pid}`;
  const message = `${dataDir} is in use by ${who}; stop it, or set another DATA_DIR (one process owns a data directory)`;
  return new DataDirectoryOwnedError(message);
}

const removed = (path: string): DataDirectoryOwnedError =>
  new DataDirectoryOwnedError(
    `somebody removed the socket of this process from ${path}; start again`,
  );
