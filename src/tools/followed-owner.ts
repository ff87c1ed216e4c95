import { findOwner } from '../shared/data-directory/find-owner.js';

/** An application, or another tool, has the data directory, and cannot serve tools at this moment. */
class ApplicationBusyError extends Error {
  readonly code = 'APPLICATION_BUSY';
}

/** The data directory has another log than the one that the tool works on. */
class LogReplacedError extends Error {
  readonly code = 'LOG_REPLACED';
}

interface Facts {
  readonly logIdentity: string;
  readonly endOffset: number;
  readonly databaseUrl: string;
}

/** What the application that owns a data directory says of its log, now and later. */
export class FollowedOwner {
  private constructor(
    private readonly dataDir: string,
    private facts: Facts,
  ) {}

  /** @throws ApplicationBusyError while it is starting or stopping, and when there is none. */
  static async ask(dataDir: string): Promise<FollowedOwner> {
    return new FollowedOwner(dataDir, await askFacts(dataDir));
  }

  /** The durable, exclusive end of its log, as it was told last. */
  readonly endOffset = (): number => this.facts.endOffset;

  get databaseUrl(): string {
    return this.facts.databaseUrl;
  }

  /**
   * Asks anew. Between two calls the application may have been stopped, a new epoch begun, and the
   * application started with that one, whose offsets mean other records.
   * @throws LogReplacedError then, and ApplicationBusyError.
   */
  readonly refresh = async (): Promise<void> => {
    const facts = await askFacts(this.dataDir);
    requireSame(this.dataDir, this.facts.logIdentity, facts.logIdentity);
    this.facts = facts;
  };

  /** @throws LogReplacedError when the log that was opened in the directory is not the one it told of. */
  requireLog(identity: string): void {
    requireSame(this.dataDir, this.facts.logIdentity, identity);
  }
}

async function askFacts(dataDir: string): Promise<Facts> {
  const owner = await findOwner(dataDir);
  const { logIdentity, endOffset, databaseUrl } = owner ?? {};
  if (logIdentity !== undefined && endOffset !== undefined && databaseUrl !== undefined) {
    return { logIdentity, endOffset, databaseUrl };
  }
  const message =
    owner === null
      ? `the application that used ${dataDir} was stopped; run it again`
      : `${dataDir} is in use by process ${owner.pid ?? '(unknown)'}, an application that is starting or stopping, or another tool; try again when it is done`;
  throw new ApplicationBusyError(message);
}

function requireSame(dataDir: string, before: string, now: string): void {
  if (now === before) return;
  const message = `${dataDir} has the log ${now} now, and had ${before} when this began: a new epoch took its place; run it again`;
  throw new LogReplacedError(message);
}
