import type { ClusterLayout } from './cluster-layout.js';
import type { PostgresBinaries } from './find-binaries.js';
import type { ServerAccount } from './server-account.js';

/** Where the embedded server tells what happens to it; a handful of lines per start, never PostgreSQL's own output. */
export interface EmbeddedPostgresLog {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** Everything that is decided once per process and holds for every restart of the server. */
export interface ServerSetup {
  readonly binaries: PostgresBinaries;
  readonly layout: ClusterLayout;
  readonly account: ServerAccount;
  /** 0700, belongs to this cluster alone; its path is short enough for a Unix socket. */
  readonly socketDir: string;
  readonly log: EmbeddedPostgresLog;
}
