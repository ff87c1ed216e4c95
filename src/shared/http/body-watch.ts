import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';
import { OpenItems, type Placed } from './open-items.js';
import { Problem } from './problem.js';

const LOOK_EVERY_MS = 1_000;

/** One body that is being read. */
export class WatchedBody implements Placed {
  place = -1;
  /** True while the reader does not want more: what does not come then is not the sender's fault. */
  held = false;
  /** What the socket had received at `since`, in bytes, and where the present time of grace began. */
  bytes: number;
  since: number;
  /** When the socket had last received something, as far as looks tell. */
  lastBytes: number;
  lastAt: number;

  /** Kept, since a request loses its own when the connection ends. */
  private readonly socket: Socket | null;

  /** @param now `performance.now()`: a wall clock that leaps must not cut a body */
  constructor(
    readonly request: IncomingMessage,
    readonly onEnd: (problem: Problem) => void,
    now: number,
  ) {
    this.socket = request.socket;
    this.bytes = this.lastBytes = this.received();
    this.since = this.lastAt = now;
  }

  /** Of the connection, in bytes. */
  received(): number {
    return this.socket?.bytesRead ?? 0;
  }
}

/**
 * Cuts off senders that hold a body back, so that they cannot hold connections and memory for ever. Node's own
 * time-out for a whole request would also cut a long body that comes in well, so it is off. One timer
 * looks at all bodies each second: a timer each would cost more than many a body takes to read.
 */
@Injectable()
export class BodyWatch implements OnModuleDestroy {
  private readonly bodies = new OpenItems<WatchedBody>();
  private readonly broken = new WeakSet<IncomingMessage>();
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly config: AppConfig) {
    this.timer = setInterval(() => {
      // Node runs timers that are due before it reads sockets: what came while this process stood still counts, too.
      setImmediate(() => {
        this.look(performance.now());
      });
    }, LOOK_EVERY_MS);
    this.timer.unref();
  }

  /**
   * From now until `done`. `onEnd` is called once at most, later, with what to answer: 408 when the body comes too
   * slowly, 400 when no more of it can come, though the connection can still be written to.
   */
  watch(request: IncomingMessage, onEnd: (problem: Problem) => void): WatchedBody {
    const body = new WatchedBody(request, onEnd, performance.now());
    this.bodies.add(body);
    if (this.broken.has(request)) {
      // Not before the caller knows what is watched.
      queueMicrotask(() => {
        this.endBroken(request);
      });
    }
    return body;
  }

  done(body: WatchedBody): void {
    this.bodies.delete(body);
  }

  /** The connection says that the rest of the body will not come as HTTP. Who reads it, now or later, hears so. */
  endBroken(request: IncomingMessage): void {
    this.broken.add(request);
    const body = this.bodies.find((one) => one.request === request);
    if (body === undefined) return;
    this.bodies.delete(body);
    const detail = 'the body ended before its Content-Length or its last chunk';
    body.onEnd(new Problem({ status: 400, code: 'BODY_INCOMPLETE', detail }));
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  private look(now: number): void {
    const graceMs = this.config.bodyIdleSecondsMax * 1_000;
    for (const body of this.bodies.list()) {
      const received = body.received();
      if (body.held) restart(body, received, now);
      if (received !== body.lastBytes) {
        body.lastBytes = received;
        body.lastAt = now;
      }
      if (now - body.lastAt > graceMs) this.end(body, 'no byte of the body came', graceMs);
      else if (now - body.since > graceMs) {
        const bytesMin = (this.config.bodyBytesPerSecondMin * (now - body.since)) / 1_000;
        const slow = received - body.bytes < bytesMin;
        restart(body, received, now);
        if (slow) this.end(body, 'the body came too slowly', graceMs);
      }
    }
  }

  private end(body: WatchedBody, what: string, graceMs: number): void {
    this.bodies.delete(body);
    const seconds = graceMs / 1_000;
    const detail = `${what} for ${seconds} s (BODY_IDLE_SECONDS_MAX, BODY_BYTES_PER_SECOND_MIN)`;
    body.onEnd(new Problem({ status: 408, code: 'BODY_TOO_SLOW', detail }));
  }
}

function restart(body: WatchedBody, received: number, now: number): void {
  body.bytes = body.lastBytes = received;
  body.since = body.lastAt = now;
}
