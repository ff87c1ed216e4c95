import { createHash } from 'node:crypto';
import { readExactly, type LogFiles } from './log-files.js';
import { RECORD_BYTES_MAX } from './record-format.js';
import {
  StagingLogReader,
  START_OF_LOG,
  toOffset,
  type LogChunk,
  type LogComparison,
  type Offset,
} from './staging-log.port.js';

const NEWLINE = 0x0a;
const HEAD_BYTES = 64 * 1024;
/** Most records fit the first look; the second one is the bound of what a fingerprint covers. */
const FINGERPRINT_LOOKS_BYTES = [1024, 64 * 1024];
const TIMESTAMP = /^\{"timestamp":(\d{1,16})[,}]/;

/** Reads a log of one local segment, up to an end that somebody else vouches for. */
export class LocalLogReader extends StagingLogReader {
  private readonly underWay = new Set<Promise<Buffer>>();
  private closed = false;

  /** @param fd of the segment; the reader's from now on, see `close`. */
  constructor(
    readonly identity: string,
    private readonly files: LogFiles,
    private readonly fd: number,
    private readonly durableEnd: () => number,
  ) {
    super();
  }

  endOffset(): Offset {
    return toOffset(this.durableEnd());
  }

  /** @param into for the bytes of records, at least RECORD_BYTES_MAX long; a new one without it. */
  async read(from: Offset, bytesMax: number, into?: Buffer): Promise<LogChunk> {
    const end = this.endOffset();
    if (from >= end) return { kind: 'end' };
    // Never more than a record can have: what is too long to be one must not depend on the caller.
    for (const look of [Math.min(bytesMax, RECORD_BYTES_MAX), RECORD_BYTES_MAX]) {
      const bytes = await this.bytes(from, Math.min(end - from, look), into);
      const newline = bytes.lastIndexOf(NEWLINE);
      if (newline >= 0) return recordsChunk(from, bytes.subarray(0, newline + 1));
    }
    return this.oversized(from, end);
  }

  startOffset(): Offset {
    return START_OF_LOG;
  }

  async fingerprintBefore(offset: Offset): Promise<string> {
    const found = await this.findFingerprint(offset);
    if (found === null) throw new Error(`no record ends at offset ${offset}`);
    return found;
  }

  async compare(offset: Offset, fingerprint: string): Promise<LogComparison> {
    if (offset > this.endOffset()) return 'beyond-end';
    return (await this.findFingerprint(offset)) === fingerprint ? 'same' : 'different';
  }

  private async findFingerprint(offset: Offset): Promise<string | null> {
    if (offset === START_OF_LOG) return '';
    if (offset > this.endOffset()) return null;
    for (const look of FINGERPRINT_LOOKS_BYTES) {
      const position = Math.max(0, offset - look);
      const bytes = await this.bytes(position, offset - position);
      if (bytes.at(-1) !== NEWLINE) return null;
      // A negative byteOffset would count from the end: a record of "\n" alone has nothing before.
      const before = bytes.length < 2 ? -1 : bytes.lastIndexOf(NEWLINE, bytes.length - 2);
      const whole = before >= 0 || position === 0;
      if (whole || look === FINGERPRINT_LOOKS_BYTES.at(-1)) {
        return fingerprint(bytes.subarray(before + 1));
      }
    }
    throw new Error('unreachable: the last look always answers');
  }

  async timestampAt(offset: Offset): Promise<number | null> {
    const length = Math.min(32, this.endOffset() - offset);
    if (length <= 0) return null;
    const bytes = await this.bytes(offset, length);
    const match = TIMESTAMP.exec(bytes.toString('latin1'));
    return match === null ? null : Number(match[1]);
  }

  /** Waits for reads under way: a descriptor's number soon belongs to a file of somebody else. */
  async close(): Promise<void> {
    this.closed = true;
    await Promise.allSettled(this.underWay);
    await this.files.close(this.fd);
  }

  private async bytes(position: number, length: number, into?: Buffer): Promise<Buffer> {
    if (this.closed) throw new Error('the staging log is closed, nothing can be read any more');
    const range = into === undefined ? { position, length } : { position, length, into };
    const reading = readExactly(this.files, this.fd, range);
    this.underWay.add(reading);
    try {
      return await reading;
    } finally {
      this.underWay.delete(reading);
    }
  }

  /** Looks for the end of a line that is longer than any record, without keeping it. */
  private async oversized(from: Offset, end: Offset): Promise<LogChunk> {
    const head = await this.bytes(from, HEAD_BYTES);
    // One buffer for all of it: touching new memory takes several times as long as the reading.
    const window = Buffer.allocUnsafe(RECORD_BYTES_MAX);
    for (let position = from + RECORD_BYTES_MAX; position < end; position += RECORD_BYTES_MAX) {
      const length = Math.min(RECORD_BYTES_MAX, end - position);
      const bytes = await this.bytes(position, length, window);
      const newline = bytes.indexOf(NEWLINE);
      if (newline < 0) continue;
      return { kind: 'oversized', offset: from, next: toOffset(position + newline + 1), head };
    }
    throw new Error(`no line end between offset ${from} and the durable end ${end} of the log`);
  }
}

const recordsChunk = (from: Offset, bytes: Buffer): LogChunk => ({
  kind: 'records',
  bytes,
  next: toOffset(from + bytes.length),
  offsetAt: (position) => toOffset(from + position),
});

const fingerprint = (record: Buffer): string =>
  createHash('sha256').update(record).digest('hex').slice(0, 32);
