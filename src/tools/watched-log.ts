import type {
  LogChunk,
  LogComparison,
  LogExtent,
  Offset,
  StagingLogReader,
} from '../staging-log/staging-log.port.js';

/** A log that tells from where on it is asked for records: what is before that is read, or about to be. */
export class WatchedLog implements StagingLogReader {
  readonly identity: string;

  constructor(
    private readonly log: StagingLogReader,
    private readonly onAsked: (from: Offset) => void,
  ) {
    this.identity = log.identity;
  }

  endOffset(): Offset {
    return this.log.endOffset();
  }

  startOffset(): Offset {
    return this.log.startOffset();
  }

  read(from: Offset, bytesMax: number): Promise<LogChunk> {
    this.onAsked(from);
    return this.log.read(from, bytesMax);
  }

  extentAt(from: Offset, bytesMax: number): Promise<LogExtent | null> {
    this.onAsked(from);
    return this.log.extentAt(from, bytesMax);
  }

  fingerprintBefore(offset: Offset): Promise<string> {
    return this.log.fingerprintBefore(offset);
  }

  compare(offset: Offset, fingerprint: string): Promise<LogComparison> {
    return this.log.compare(offset, fingerprint);
  }

  timestampAt(offset: Offset): Promise<number | null> {
    return this.log.timestampAt(offset);
  }
}
