import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Injectable } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';

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

  constructor(private readonly config: AppConfig) {}

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
   * then is cut.
   */
  async close(timeoutMs: number): Promise<void> {
    const closing = this.servers.map(
      (server) =>
        new Promise<void>((resolve) =>
          server.close(() => {
            resolve();
          }),
        ),
    );
    // A keep-alive connection that turns idle only now would hold close() until its time-out.
    const sweep = setInterval(() => {
      this.closeIdle();
    }, 50);
    const deadline = setTimeout(() => {
      for (const server of this.servers) server.closeAllConnections();
    }, timeoutMs);
    this.closeIdle();
    await Promise.all(closing);
    clearInterval(sweep);
    clearTimeout(deadline);
  }

  private closeIdle(): void {
    for (const server of this.servers) server.closeIdleConnections();
  }

  private listen(handler: RequestListener, variable: string, port: number): Promise<Server> {
    const server = createServer(handler);
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
