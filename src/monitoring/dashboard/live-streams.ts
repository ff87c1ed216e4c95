import type { ServerResponse } from 'node:http';
import { Injectable, Logger } from '@nestjs/common';
import { Drain } from '../../shared/drain.js';
import { EventStreams } from '../../shared/http/event-streams.js';
import { LiveStatusService } from './live-status.service.js';

const EVENT_EVERY_MS = 1_000;
const STREAMS_MAX = 64;

/**
 * What the page shows as Server-Sent Events, once a second. It is computed once for all readers, one at a time
 * (a database that hangs makes it slower, and does not pile up questions), and not at all without a reader.
 */
@Injectable()
export class LiveStreams {
  private readonly logger = new Logger('Dashboard');
  private readonly streams: EventStreams;
  /** Forgotten with the last reader: the next one must not be told what is long over. */
  private text: string | null = null;
  private computing = false;

  constructor(
    private readonly live: LiveStatusService,
    drain: Drain,
  ) {
    this.streams = new EventStreams({
      drain,
      streamsMax: STREAMS_MAX,
      doing: 'follow the status',
      text: () => this.text,
      tick: () => void this.tick(),
      tickEveryMs: EVENT_EVERY_MS,
    });
  }

  /**
   * Answers with a stream, until its reader goes or the process drains.
   * @throws Problem 503 when there are too many, or the process is draining; 400 behind a request that is not answered.
   */
  open(response: ServerResponse): void {
    if (this.streams.readers === 0) this.text = null;
    this.streams.open(response);
    if (this.text === null) void this.tick();
  }

  private async tick(): Promise<void> {
    if (this.computing) return;
    this.computing = true;
    try {
      this.text = JSON.stringify(await this.live.now());
      this.streams.push();
    } catch (error) {
      // The page says that its numbers are old when none come; the next second tries again.
      this.logger.error(`the status cannot be told: ${String(error)}`);
    } finally {
      this.computing = false;
    }
  }
}
