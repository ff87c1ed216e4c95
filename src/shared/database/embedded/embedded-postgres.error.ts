/**
 * What can go wrong with the embedded server. Codes are stable: scripts and tests may rely on them, messages may change.
 *
 * - `UNSUPPORTED_PLATFORM`, `NOT_INSTALLED`, `BINARIES_UNUSABLE`: there is no server to run here; use DATABASE_URL
 * - `OTHER_MAJOR`, `CLUSTER_DAMAGED`: the directory is not one this release can open; it was left as it is
 * - `FOREIGN_OWNER`, `NO_ACCOUNT`: no user account that PostgreSQL accepts can use the directory
 * - `IN_USE`: another live process runs this cluster
 * - `ORPHAN_STAYS`: a server left over from a killed process did not end in time
 * - `INITDB_FAILED`, `START_FAILED`, `START_TIMEOUT`: the server's own words are in the message
 */
export type EmbeddedPostgresErrorCode =
  | 'EMBEDDED_POSTGRES_UNSUPPORTED_PLATFORM'
  | 'EMBEDDED_POSTGRES_NOT_INSTALLED'
  | 'EMBEDDED_POSTGRES_BINARIES_UNUSABLE'
  | 'EMBEDDED_POSTGRES_OTHER_MAJOR'
  | 'EMBEDDED_POSTGRES_CLUSTER_DAMAGED'
  | 'EMBEDDED_POSTGRES_FOREIGN_OWNER'
  | 'EMBEDDED_POSTGRES_NO_ACCOUNT'
  | 'EMBEDDED_POSTGRES_IN_USE'
  | 'EMBEDDED_POSTGRES_ORPHAN_STAYS'
  | 'EMBEDDED_POSTGRES_INITDB_FAILED'
  | 'EMBEDDED_POSTGRES_START_FAILED'
  | 'EMBEDDED_POSTGRES_START_TIMEOUT';

/** The only error type that leaves this folder; the message names the path and the next step. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';

  constructor(
    readonly code: EmbeddedPostgresErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** Passes an error of this type on; any other becomes `START_FAILED` with the path that was being worked on. */
  static from(error: unknown, path: string): EmbeddedPostgresError {
    if (error instanceof EmbeddedPostgresError) return error;
    const message = `Cannot start PostgreSQL on ${path}: ${String(error)}. Set DATA_DIR to a directory that can be written, or DATABASE_URL to a server.`;
    return new EmbeddedPostgresError('EMBEDDED_POSTGRES_START_FAILED', message, { cause: error });
  }
}
