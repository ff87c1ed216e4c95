import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { Exchange } from './wire-exchange.js';
import { isRequestEnd, WireMessages, type WireMessage } from './wire-messages.js';

/** What a test does with an exchange. Until it lets go of it, nothing of it passes by itself. */
export type Strike = (exchange: Exchange) => Promise<void> | void;

/**
 * Stands between clients and PostgreSQL, and reads their protocol: one exchange is what a client asks up
 * to where it waits, and what the server answers up to "ready for query". Exchanges of all connections are
 * counted, those that open a connection, too; so whatever statements a client runs, a test gets at each of
 * them without knowing any.
 */
export class StatementProxy {
  /** What was asked since `watch`: the SQL, or "connect". */
  readonly asked: string[] = [];
  /** How often the server has told that a COMMIT took effect, since `watch`. */
  commits = 0;
  /** The exchange that was struck since `watch`. */
  struck: Exchange | null = null;
  /** Settles as the strike does, so that a test hears when that failed. */
  struckEnd: Promise<void> = Promise.resolve();
  private strikeWhere: (exchange: Exchange, number: number) => boolean = () => false;
  private strike: Strike = () => undefined;
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((client) => {
    this.join(client);
  });

  private constructor(private readonly target: pg.Client) {}

  static async open(databaseUrl: string): Promise<StatementProxy> {
    const proxy = new StatementProxy(new pg.Client({ connectionString: databaseUrl }));
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    const { user, password, database } = this.target;
    const secret = password ? `:${encodeURIComponent(password)}` : '';
    const { port } = this.server.address() as AddressInfo;
    return `postgres://${user ?? ''}${secret}@127.0.0.1:${port}/${database ?? ''}`;
  }

  /**
   * Counts from 1 again, and strikes the first exchange of which `where` holds.
   * @param where a number, or what to find in the SQL
   */
  watch(where: number | RegExp, strike: Strike): void {
    this.asked.length = 0;
    this.commits = 0;
    this.struck = null;
    this.struckEnd = Promise.resolve();
    this.strike = strike;
    this.strikeWhere = (exchange, number) =>
      typeof where === 'number' ? number === where : where.test(exchange.text);
  }

  /** Strikes nothing any more. */
  disarm(): void {
    this.strikeWhere = () => false;
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
    for (const socket of [client, server]) {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.sockets.delete(socket));
    }
    const connection = { client, server, pid: null as number | null };
    let current: Exchange | null = null;
    let request: WireMessage[] = [];
    const fromClient = new WireMessages('client');
    client.on('data', (bytes) => {
      for (const message of fromClient.add(bytes)) {
        request.push(message);
        if (!isRequestEnd(message)) continue;
        current = new Exchange(connection, request);
        request = [];
        this.ask(current);
      }
      // A goodbye, and what belongs to no exchange.
      if (request.length > 0 && request.every(({ type }) => type === 'X')) server.end();
    });
    const fromServer = new WireMessages('server');
    server.on('data', (bytes) => {
      for (const message of fromServer.add(bytes)) {
        if (message.type === 'K') connection.pid = message.body.readInt32BE(0);
        if (message.type === 'C' && message.body.toString() === 'COMMIT\0') this.commits += 1;
        if (current === null) client.write(message.bytes);
        else current.take(message);
      }
    });
    server.on('close', () => (current === null ? client.destroy() : current.serverGone()));
    client.on('close', () => {
      if (current?.isHeld !== true) server.destroy();
    });
  }

  private ask(exchange: Exchange): void {
    this.asked.push(exchange.text);
    if (this.struck === null && this.strikeWhere(exchange, this.asked.length)) {
      this.struck = exchange;
      this.struckEnd = exchange.hold(this.strike);
      this.struckEnd.catch(() => undefined);
    } else {
      exchange.deliver();
    }
  }
}
