import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setImmediate as afterReads, setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Injectable, Logger } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';
import { answerUnread, type ConnectionError } from './answer-unread.js';
import { BodyWatch } from './body-watch.js';
import { DirectRoutes } from './direct-routes.js';
import { cutUnlessComplete } from './end-refused.js';
import { holdBody } from './expected-body.js';
import { OpenAnswers } from './open-answers.js';
import { Problem } from './problem.js';
import { startOf } from './request-id.js';
import { RequestLog } from './request-log.js';
import { writeProblem } from './write-problem.js';

/** How long a drain waits for the next request of senders that keep a connection busy. */
const LAST_ANSWER_MS = 250;
/** A connection that turns idle only now would hold the close until its keep-alive time-out. */
const SWEEP_EVERY_MS = 50;
/** Longer than the minute that balancers keep idle connections for: who closes first must not be us. */
const KEEP_ALIVE_MS = 65_000;
const HEADER_BYTES_MAX = 16 * 1024;
/** How often Node looks for headers that do not come. */
const HEADERS_LOOK_MS = 500;
/** For a reader of a body that broke off to answer. */
const BROKEN_ANSWER_MS = 1_000;
const DROPPED_LOG_MS = 10_000;

const HOST_MISSING = new Problem({
  status: 400,
  code: 'HOST_MISSING',
  detail: 'HTTP/1.1 asks for a Host header',
});
const EXPECTATION_UNSUPPORTED = new Problem({
  status: 417,
  code: 'EXPECTATION_UNSUPPORTED',
  detail: 'of the expectations of a request only 100-continue is known',
});

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
  private readonly logger = new Logger('Http');
  private readonly servers: Server[] = [];
  private server: Server | null = null;
  private client: Server | null = null;
  private readonly answering = new OpenAnswers();
  private closing = false;
  private dropped = 0;

  constructor(
    private readonly config: AppConfig,
    private readonly direct: DirectRoutes,
    private readonly requests: RequestLog,
    private readonly watch: BodyWatch,
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
   * would leave them in doubt about the second one. Requests that came while this process stood still are read before
   * anything is closed: Node runs timers that are due before it reads sockets.
   */
  async close(timeoutMs: number): Promise<void> {
    this.closing = true;
    for (const response of this.answering.list()) response.shouldKeepAlive = false;
    await sleep(Math.min(LAST_ANSWER_MS, timeoutMs));
    await afterReads();
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
      const { socket } = request;
      startOf(request);
      if (this.closing) response.shouldKeepAlive = false;
      this.answering.add(response, socket);
      response.on('close', () => {
        this.answering.delete(response, socket);
        cutUnlessComplete(request, socket);
      });
      if (request.headers.host === undefined && request.httpVersion === '1.1') {
        this.refuse(response, HOST_MISSING);
        return;
      }
      const route = this.direct.find(request);
      if (route === null) handler(request, response);
      else route.handle(request, response);
    };
  }

  private listen(handler: RequestListener, variable: string, port: number): Promise<Server> {
    const server = this.create(this.answer(handler));
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

  private create(answer: RequestListener): Server {
    const options = {
      // A body that comes in well may take longer than any time-out: BodyWatch looks after bodies.
      requestTimeout: 0,
      headersTimeout: this.config.headersSecondsMax * 1_000,
      connectionsCheckingInterval: HEADERS_LOOK_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: HEADER_BYTES_MAX,
      requireHostHeader: false, // Node would refuse without a request id and a line in the log
    };
    const server = createServer(options, answer);
    server.maxConnections = this.config.connectionsMax;
    server.on('drop', () => {
      this.countDropped();
    });
    server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
      holdBody(request, response);
      answer(request, response);
    });
    server.on('checkExpectation', (_request: IncomingMessage, response: ServerResponse) => {
      this.refuse(response, EXPECTATION_UNSUPPORTED);
    });
    server.on('clientError', (error: ConnectionError, socket) => {
      this.answerBroken(error, socket as Socket);
    });
    return server;
  }

  /** Where a request is being answered, its reader hears of it, and answers with what is stored by then. */
  private answerBroken(error: ConnectionError, socket: Socket): void {
    if (error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    const responses = this.answering.of(socket);
    // Of pipelined ones, only the last to come can be incomplete.
    const response = responses.find(({ req }) => !req.complete) ?? responses.at(-1);
    if (response === undefined) {
      answerUnread(socket, error, this.requests);
      return;
    }
    const request = response.req;
    response.shouldKeepAlive = false;
    if (request.complete) {
      // What is broken came behind it: its answer is due all the same.
      response.once('close', () => {
        socket.destroySoon();
      });
      return;
    }
    if (response.headersSent) {
      socket.destroy();
      return;
    }
    this.watch.endBroken(request);
    setTimeout(() => socket.destroy(), BROKEN_ANSWER_MS).unref();
  }

  private refuse(response: ServerResponse, problem: Problem): void {
    writeProblem(response, problem);
    this.requests.note(response.req, problem.getStatus(), problem.code);
  }

  private countDropped(): void {
    this.dropped += 1;
    if (this.dropped > 1) return;
    setTimeout(() => {
      const reason = `CONNECTIONS_MAX (${this.config.connectionsMax}) of a listener were open`;
      this.logger.warn({
        message: `connections were closed at once: ${reason}`,
        dropped: this.dropped,
      });
      this.dropped = 0;
    }, DROPPED_LOG_MS).unref();
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
