import type { IncomingMessage } from 'node:http';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';
import { Problem } from './problem.js';

const LOOK_EVERY_MS = 1_000;

/** One body that is being read. */
export class WatchedBody {
  /** True while the reader does not want more: what does not come then is not the sender's fault. */
  held = false;
  /** What the socket had received at `since`, in bytes, and where the present time of grace began. */
  bytes: number;
  since: number;
  /** When the socket had last received something, as far as looks tell. */
  lastBytes: number;
  lastAt: number;

  constructor(
    readonly request: IncomingMessage,
    readonly onSlow: (problem: Problem) => void,
    now: number,
  ) {
    this.bytes = this.lastBytes = request.socket.bytesRead;
    this.since = this.lastAt = now;
  }
}

/**
 * Cuts off senders that hold a body back, so that they cannot hold connections and memory for ever. Node's own
 * time-out for a whole request would also cut a long body that comes in well, so it is off. One timer
 * looks at all bodies each second: a timer each would cost more than many a body takes to read.
 */
@Injectable()
export class BodyWatch implements OnModuleDestroy {
  private readonly bodies = new Set<WatchedBody>();
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly config: AppConfig) {
    this.timer = setInterval(() => {
      this.look(Date.now());
    }, LOOK_EVERY_MS);
    this.timer.unref();
  }

  /** From now until `done`. `onSlow` is called once at most, with a 408 to answer. */
  watch(request: IncomingMessage, onSlow: (problem: Problem) => void): WatchedBody {
    const body = new WatchedBody(request, onSlow, Date.now());
    this.bodies.add(body);
    return body;
  }

  done(body: WatchedBody): void {
    this.bodies.delete(body);
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  private look(now: number): void {
    const graceMs = this.config.bodyIdleSecondsMax * 1_000;
    for (const body of this.bodies) {
      const received = body.request.socket.bytesRead;
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
    body.onSlow(new Problem({ status: 408, code: 'BODY_TOO_SLOW', detail }));
  }
}

function restart(body: WatchedBody, received: number, now: number): void {
  body.bytes = body.lastBytes = received;
  body.since = body.lastAt = now;
}
