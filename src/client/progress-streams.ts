import type { ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import { Drain } from '../shared/drain.js';
import { Problem } from '../shared/http/problem.js';
import { GenerateEvents } from './client.port.js';

const EVENT_EVERY_MS = 250;
const HEARTBEAT_EVERY_MS = 15_000;
const STREAMS_MAX = 100;
/** A reader that has not taken the end of its stream by then is cut: it must not hold a shutdown. */
const END_MS_MAX = 500;

/**
 * Progress as Server-Sent Events. Every reader hears at once how things are, when a run begins and when
 * it has ended, and each 250 ms in between. What a slow reader has not taken yet is not followed by more: it
 * misses events, and hears how things are as soon as it reads on.
 */
@Injectable()
export class ProgressStreams {
  private readonly streams = new Set<ServerResponse>();
  /** Those that missed an event. */
  private readonly behind = new Set<ServerResponse>();
  private timers: NodeJS.Timeout[] = [];

  constructor(
    private readonly events: GenerateEvents,
    private readonly drain: Drain,
  ) {
    events.onChange(() => {
      this.push();
    });
    const end = (): void => {
      this.end();
    };
    drain.signal.addEventListener('abort', end, { once: true });
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
    response.on('error', () => undefined); // a reader that has gone
    response.on('drain', () => {
      if (this.behind.delete(response)) this.write(response, this.text());
    });
    response.once('close', () => {
      this.forget(response);
    });
    this.streams.add(response);
    if (this.streams.size === 1) this.startTimers();
    this.write(response, this.text());
  }

  /** Tells all readers how things are now. */
  push(): void {
    if (this.streams.size === 0) return;
    const text = this.text();
    for (const response of this.streams) this.write(response, text);
  }

  private admit(): void {
    if (this.drain.begun) {
      const detail = 'the application is shutting down';
      throw new Problem({ status: 503, code: 'STREAMS_ENDED', detail, retryAfterSeconds: 5 });
    }
    if (this.streams.size < STREAMS_MAX) return;
    const detail = `${STREAMS_MAX} readers follow the progress already; ask without text/event-stream`;
    throw new Problem({ status: 503, code: 'STREAMS_FULL', detail, retryAfterSeconds: 5 });
  }

  private text(): string {
    return `data: ${JSON.stringify(this.events.progress())}\n\n`;
  }

  private write(response: ServerResponse, text: string): void {
    if (response.writableNeedDrain) this.behind.add(response);
    else response.write(text);
  }

  private startTimers(): void {
    const push = setInterval(() => {
      if (this.events.progress().running) this.push();
    }, EVENT_EVERY_MS);
    const heartbeat = setInterval(() => {
      for (const response of this.streams) {
        if (!response.writableNeedDrain) response.write(': heartbeat\n\n');
      }
    }, HEARTBEAT_EVERY_MS);
    this.timers = [push, heartbeat];
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
