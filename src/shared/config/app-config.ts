import type { ApiKey } from './api-keys.js';

/**
 * The validated configuration, resolved once at boot: paths are absolute, sizes in bytes, times in
 * the unit that ends the name. A class, so that it is its own injection token.
 */
export class AppConfig {
  /** `json`: one object a line, for programs; no page for people. */
  readonly logFormat!: 'text' | 'json';
  readonly host!: string;
  /** 0 lets the system choose; the banner and the control socket tell which it chose. */
  readonly serverPort!: number;
  readonly clientPort!: number;
  /** Lower-case host names, without port, that a Host header may carry. */
  readonly allowedHosts!: ReadonlySet<string>;
  readonly dataDir!: string;
  /** From the variable or its file. Empty: the embedded PostgreSQL under `dataDir`. */
  readonly databaseUrl!: string;
  readonly migrationsRun!: boolean;
  readonly eventsFile!: string;
  /** Empty: this process's own listener. */
  readonly ingestUrl!: string;
  readonly ingestApiKey!: string;
  /** Empty: every caller may do everything. */
  readonly apiKeys!: readonly ApiKey[];
  readonly loadCron!: string;
  readonly loadUsersMax!: number;
  readonly loadReadMsMax!: number;
  readonly historyHoursMax!: number;
  /** Whether revenue over time is kept by user, too. */
  readonly userHistory!: boolean;
  /** Beyond it, readiness calls the process degraded. */
  readonly lagSecondsMax!: number;
  readonly segmentBytesMax!: number;
  readonly diskFreeBytesMin!: number;
  /** 0: off. */
  readonly backlogBytesMax!: number;
  readonly appendQueueBytesMax!: number;
  readonly dedupeWindowSeconds!: number;
  readonly dedupeIdsMax!: number;
  /** 0: all of the log is kept. May be a fraction. */
  readonly retentionDays!: number;
  readonly retentionAction!: 'archive' | 'delete';
  readonly jsonBodyBytesMax!: number;
  readonly arrayItemsMax!: number;
  readonly lineBytesMax!: number;
  readonly rejectedItemsMax!: number;
  readonly bodyRatioMax!: number;
  readonly bodyIdleSecondsMax!: number;
  readonly bodyBytesPerSecondMin!: number;
  readonly bodiesBytesMax!: number;
  readonly headersSecondsMax!: number;
  readonly connectionsMax!: number;
  /** 0: off. */
  readonly keyEventsPerSecondMax!: number;
  /** 0: none. */
  readonly logAcceptedEvery!: number;
  readonly clientRequestItemsMax!: number;
  readonly clientConcurrencyMax!: number;
  readonly clientAttemptsMax!: number;
  readonly drainTimeoutMs!: number;
  /** Of the collector of traces. Empty: none are made. */
  readonly otlpEndpoint!: string;
  readonly otlpHeaders!: string;
  /** Of requests, from 0 to 1. */
  readonly tracesRatio!: number;
  readonly serviceName!: string;
}
