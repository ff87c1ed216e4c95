import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';

/**
 * A TCP port in front of PostgreSQL that a test opens and closes: closed, connections are refused
 * and those that stood are cut, as when the server is away.
 */
export class DatabaseProxy {
  private readonly sockets = new Set<Socket>();
  private hanging = false;
  private readonly server = createServer((client) => {
    this.join(client);
  });

  private constructor(
    private readonly target: pg.Client,
    private readonly port: number,
  ) {}

  /** Chooses a free port, and is closed there. */
  static async create(databaseUrl: string): Promise<DatabaseProxy> {
    const probe = createServer();
    await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    return new DatabaseProxy(new pg.Client({ connectionString: databaseUrl }), port);
  }

  get url(): string {
    const { user, password, database } = this.target;
    const secret = password ? `:${encodeURIComponent(password)}` : '';
    return `postgres://${user ?? ''}${secret}@127.0.0.1:${this.port}/${database ?? ''}`;
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject).listen(this.port, '127.0.0.1', resolve);
    });
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    if (this.server.listening) await new Promise((resolve) => this.server.close(resolve));
  }

  /** From now on nothing passes, in either direction, and nobody hears of it: a dead network. */
  hang(): void {
    this.hanging = true;
    for (const socket of this.sockets) socket.unpipe().pause();
  }

  /** The same for the connections that stand; new ones pass: a firewall that forgot, a failover. */
  swallow(): void {
    for (const socket of this.sockets) socket.unpipe().pause();
  }

  private join(client: Socket): void {
    if (this.hanging) {
      this.sockets.add(client);
      client.on('error', () => undefined).pause();
      return;
    }
    const { host, port } = this.target;
    const server = host.startsWith('/')
      ? createConnection(join(host, `.s.PGSQL.${port}`))
      : createConnection(port, host);
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  }
}
