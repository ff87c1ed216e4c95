import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Injectable } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';
import { DirectRoutes } from './direct-routes.js';

/** How long a drain waits for the next request of senders that keep a connection busy. */
const LAST_ANSWER_MS = 250;
/** A connection that turns idle only now would hold the close until its keep-alive time-out. */
const SWEEP_EVERY_MS = 50;

/** A port could not be taken; the message names the variable to change. */
class ListenError extends Error {
  readonly code = 'LISTEN_FAILED';
}

/**
 * The two listeners of the process: the server's and the client's, with the same routes on both.
 * Nest does not know them, so this class also closes them.
 */
@Injectable()
export class Listeners {
  private readonly servers: Server[] = [];
  private server: Server | null = null;
  private client: Server | null = null;
  private readonly answering = new Set<ServerResponse>();
  private closing = false;

  constructor(
    private readonly config: AppConfig,
    private readonly direct: DirectRoutes,
  ) {}

  /** @throws ListenError when a port is taken or forbidden. */
  async open(handler: RequestListener): Promise<void> {
    this.server = await this.listen(handler, 'SERVER_PORT', this.config.serverPort);
    this.client = await this.listen(handler, 'CLIENT_PORT', this.config.clientPort);
  }

  /** Where this process reaches its own server listener. */
  serverUrl(): string {
    return this.urlOf(this.server);
  }

  clientUrl(): string {
    return this.urlOf(this.client);
  }

  /**
   * Takes no new connection and waits for the requests in flight, at most `timeoutMs`; what is left
   * then is cut. Every answer from now on tells its sender that the connection ends, and senders that
   * keep one busy have a moment to hear of it: a connection that is closed between two requests
   * would leave them in doubt about the second one.
   */
  async close(timeoutMs: number): Promise<void> {
    this.closing = true;
    for (const response of this.answering) response.shouldKeepAlive = false;
    await sleep(Math.min(LAST_ANSWER_MS, timeoutMs));
    const closed = this.servers.map((server) => promisify(server.close.bind(server))());
    const sweep = setInterval(() => {
      for (const server of this.servers) server.closeIdleConnections();
    }, SWEEP_EVERY_MS);
    const deadline = setTimeout(() => {
      for (const server of this.servers) server.closeAllConnections();
    }, timeoutMs);
    await Promise.allSettled(closed);
    clearInterval(sweep);
    clearTimeout(deadline);
  }

  private answer(handler: RequestListener): RequestListener {
    return (request, response) => {
      if (this.closing) response.shouldKeepAlive = false;
      this.answering.add(response);
      response.once('close', () => this.answering.delete(response));
      const route = this.direct.find(request);
      if (route === null) handler(request, response);
      else route.handle(request, response);
    };
  }

  private listen(handler: RequestListener, variable: string, port: number): Promise<Server> {
    const server = createServer(this.answer(handler));
    this.servers.push(server);
    return new Promise((resolve, reject) => {
      server.once('error', (error) => {
        const where = `${this.config.host}:${port}`;
        const message = `cannot listen on ${where} (${error.message}); set ${variable} or HOST`;
        reject(new ListenError(message));
      });
      server.listen(port, this.config.host, () => {
        resolve(server);
      });
    });
  }

  private urlOf(server: Server | null): string {
    if (server === null) throw new Error('the listeners are not open');
    const { address, port, family } = server.address() as AddressInfo;
    const own = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address;
    return family === 'IPv6' && own.includes(':')
      ? `http://[${own}]:${port}`
      : `http://${own}:${port}`;
  }
}
