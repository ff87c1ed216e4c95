import type { ServerResponse } from 'node:http';
import type { Drain } from '../drain.js';
import { Problem } from './problem.js';

const HEARTBEAT_EVERY_MS = 15_000;
/** A reader that has not taken the end of its stream by then is cut: it must not hold a shutdown. */
const END_MS_MAX = 500;

export interface EventStreamsOptions {
  readonly drain: Drain;
  readonly streamsMax: number;
  /** What the readers do, for the one that is refused: "follow the progress". */
  readonly doing: string;
  /** How things are now, as JSON; null while it is not known yet. */
  readonly text: () => string | null;
  /** Called while there is a reader, each so many milliseconds. */
  readonly tick: () => void;
  readonly tickEveryMs: number;
}

/**
 * Readers of Server-Sent Events, each of which says how things are. What a slow reader has not taken yet is not
 * followed by more: it misses events, and hears how things are as soon as it reads on. No timer runs without a reader.
 */
export class EventStreams {
  private readonly streams = new Set<ServerResponse>();
  /** Those that missed an event. */
  private readonly behind = new Set<ServerResponse>();
  private timers: NodeJS.Timeout[] = [];

  constructor(private readonly options: EventStreamsOptions) {
    const end = (): void => {
      this.end();
    };
    options.drain.signal.addEventListener('abort', end, { once: true });
  }

  get readers(): number {
    return this.streams.size;
  }

  /**
   * Answers with a stream, until its reader goes or the process drains.
   * @throws Problem 503 when there are too many, or the process is draining; 400 behind a request that is not answered.
   */
  open(response: ServerResponse): void {
    this.admit();
    if (response.socket === null) throw behindAnother(); // nobody would say when its connection ends
    response.shouldKeepAlive = false; // the connection ends with the stream
    response.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Accel-Buffering': 'no',
    });
    response.flushHeaders(); // the first event may take a moment
    response.on('error', () => undefined); // a reader that has gone
    response.on('drain', () => {
      if (this.behind.delete(response)) this.write(response, this.options.text());
    });
    response.once('close', () => {
      this.forget(response);
    });
    this.streams.add(response);
    if (this.streams.size === 1) this.startTimers();
    this.write(response, this.options.text());
  }

  /** Tells all readers how things are now. */
  push(): void {
    if (this.streams.size === 0) return;
    const text = this.options.text();
    for (const response of this.streams) this.write(response, text);
  }

  private admit(): void {
    const { drain, streamsMax, doing } = this.options;
    if (drain.begun) {
      const detail = 'the application is shutting down';
      throw new Problem({ status: 503, code: 'STREAMS_ENDED', detail, retryAfterSeconds: 5 });
    }
    if (this.streams.size < streamsMax) return;
    const detail = `${streamsMax} readers ${doing} already; ask without text/event-stream`;
    throw new Problem({ status: 503, code: 'STREAMS_FULL', detail, retryAfterSeconds: 5 });
  }

  private write(response: ServerResponse, text: string | null): void {
    if (text === null) return;
    if (response.writableNeedDrain) this.behind.add(response);
    else response.write(`data: ${text}\n\n`);
  }

  private startTimers(): void {
    const tick = setInterval(this.options.tick, this.options.tickEveryMs);
    const heartbeat = setInterval(() => {
      for (const response of this.streams) {
        if (!response.writableNeedDrain) response.write(': heartbeat\n\n');
      }
    }, HEARTBEAT_EVERY_MS);
    this.timers = [tick, heartbeat];
    for (const timer of this.timers) timer.unref();
  }

  private forget(response: ServerResponse): void {
    this.streams.delete(response);
    this.behind.delete(response);
    if (this.streams.size > 0) return;
    for (const timer of this.timers) clearInterval(timer);
  }

  private end(): void {
    this.push();
    for (const response of this.streams) {
      response.end();
      const cut = setTimeout(() => response.destroy(), END_MS_MAX);
      response.once('close', () => {
        clearTimeout(cut);
      });
    }
  }
}

function behindAnother(): Problem {
  const detail = 'a stream is not pipelined behind another request: ask on a connection of its own';
  return new Problem({ status: 400, code: 'REQUEST_INVALID', detail });
}
