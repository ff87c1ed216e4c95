import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';

/** Where in the exchange of a COMMIT the connection is cut. */
export type Cut = 'answer' | 'request';

const COMMAND_COMPLETE = 'C'.charCodeAt(0);
const QUERY = 'Q'.charCodeAt(0);

/**
 * Stands between a client and PostgreSQL's socket, and cuts the connection at a COMMIT while it is
 * armed: `request` before the server gets it, `answer` after the server has answered, of which the
 * client sees nothing.
 */
export class CommitCuttingProxy {
  private armed: Cut | null = null;
  private port = 0;
  cuts = 0;
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((client) => this.join(client));

  private constructor(private readonly target: pg.Client) {}

  static async open(databaseUrl: string): Promise<CommitCuttingProxy> {
    const proxy = new CommitCuttingProxy(new pg.Client({ connectionString: databaseUrl }));
    await proxy.reopen();
    proxy.port = (proxy.server.address() as AddressInfo).port;
    return proxy;
  }

  get url(): string {
    const { user, password, database } = this.target;
    const secret = password ? `:${encodeURIComponent(password)}` : '';
    return `postgres://${user ?? ''}${secret}@127.0.0.1:${this.port}/${database ?? ''}`;
  }

  /** After `close`, at the same port. */
  async reopen(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(this.port, '127.0.0.1', resolve));
  }

  arm(cut: Cut): void {
    this.armed = cut;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(client: Socket): void {
    const { host, port } = this.target;
    const server = host.startsWith('/')
      ? createConnection(join(host, `.s.PGSQL.${port}`))
      : createConnection(port, host);
    let committing = false;
    const cut = (): void => {
      this.armed = null;
      this.cuts += 1;
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        client.destroy();
        server.destroy();
      });
    }
    client.on('data', (bytes) => {
      const isCommit = bytes[0] === QUERY && bytes.subarray(5).equals(Buffer.from('COMMIT\0'));
      if (isCommit && this.armed === 'request') {
        cut();
        return;
      }
      committing = isCommit && this.armed === 'answer';
      server.write(bytes);
    });
    server.on('data', (bytes) => {
      // The answer is one small packet, and nothing else is under way on this connection.
      const isAnswer = bytes[0] === COMMAND_COMPLETE && bytes.subarray(5, 11).equals(COMMIT_TAG);
      if (committing && isAnswer) cut();
      else client.write(bytes);
    });
  }
}

const COMMIT_TAG = Buffer.from('COMMIT');
