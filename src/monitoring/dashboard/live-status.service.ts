import { Injectable } from '@nestjs/common';
import { EventCounts } from '../../ingest/ingest.port.js';
import { AppConfig } from '../../shared/config/app-config.js';
import { StagingLog } from '../../staging-log/staging-log.port.js';
import { HealthService, type Readiness } from '../health.service.js';
import { StatusService, type Status } from '../status.service.js';

/** How things are at one moment, for the page. What is not known is null, never 0. */
export interface LiveStatus {
  /** ISO 8601, by the clock of the server. */
  readonly at: string;
  /** Since the process began; grows evenly whatever the clock does. Less than before: another process. */
  readonly uptimeSeconds: number;
  readonly readiness: Readiness;
  readonly status: Status;
  /** Since the process began, as senders were told. */
  readonly counts: {
    readonly accepted: number;
    readonly duplicates: number;
    readonly rejected: number;
  };
  readonly disk: {
    /** Of the file system of the log. */
    readonly freeBytes: number;
    readonly totalBytes: number;
    /** With less free than this no event is accepted; 0 where there is no such bound. */
    readonly freeBytesMin: number;
  } | null;
}

@Injectable()
export class LiveStatusService {
  constructor(
    private readonly health: HealthService,
    private readonly statuses: StatusService,
    private readonly events: EventCounts,
    private readonly log: StagingLog,
    private readonly config: AppConfig,
  ) {}

  /** Asks the database; one that is away or hangs makes parts unknown, after some seconds at most. */
  async now(): Promise<LiveStatus> {
    const [readiness, status] = await Promise.all([
      this.health.readiness(),
      this.statuses.status(),
    ]);
    const { accepted, duplicates, rejected } = this.events;
    const space = this.log.diskSpace();
    const freeBytesMin = this.config.diskFreeBytesMin;
    return {
      at: new Date().toISOString(),
      uptimeSeconds: process.uptime(),
      readiness,
      status,
      counts: { accepted, duplicates, rejected: sum(rejected.values()) },
      disk: space === null ? null : { ...space, freeBytesMin },
    };
  }
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
