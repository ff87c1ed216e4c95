import type { ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import { Drain } from '../shared/drain.js';
import { EventStreams } from '../shared/http/event-streams.js';
import { GenerateEvents } from './client.port.js';

const EVENT_EVERY_MS = 250;
const STREAMS_MAX = 100;

/**
 * Progress as Server-Sent Events. Every reader hears at once how things are, when a run begins and when
 * it has ended, and each 250 ms in between.
 */
@Injectable()
export class ProgressStreams {
  private readonly streams: EventStreams;

  constructor(events: GenerateEvents, drain: Drain) {
    this.streams = new EventStreams({
      drain,
      streamsMax: STREAMS_MAX,
      doing: 'follow the progress',
      text: () => JSON.stringify(events.progress()),
      tick: () => {
        if (events.progress().running) this.push();
      },
      tickEveryMs: EVENT_EVERY_MS,
    });
    events.onChange(() => {
      this.push();
    });
  }

  /**
   * Answers with a stream, until its reader goes or the process drains.
   * @throws Problem 503 when there are too many, or the process is draining; 400 behind a request that is not answered.
   */
  open(response: ServerResponse): void {
    this.streams.open(response);
  }

  /** Tells all readers how things are now. */
  push(): void {
    this.streams.push();
  }
}
