import { readFile } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { readQuarantined, readResubmitted } from '../../../src/dead-letters/dead-letters.port.js';
import { nodeLogFiles, replaceFile } from '../../../src/staging-log/files/log-files.js';
import type { Offset, StagingLogReader } from '../../../src/staging-log/staging-log.port.js';
import {
  computeShare,
  openShare,
  rebuildBalances,
  verifyBalances,
  writeShareFile,
  type Rebuilding,
  type Verification,
} from '../../../src/verify/verify.port.js';
import type { LoadHarness } from '../processor/load-harness.js';

/** Verify, rebuild and shares on the database and data directories of a load harness. */
export class ShareHarness {
  constructor(private readonly loads: LoadHarness) {}

  verify(log: StagingLogReader, more: Partial<Parameters<typeof verifyBalances>[0]> = {}) {
    return verifyBalances({ ...this.own(log), ...more }) satisfies Promise<Verification>;
  }

  rebuild(
    log: StagingLogReader,
    more: Partial<Parameters<typeof rebuildBalances>[0]> = {},
  ): Promise<Rebuilding> {
    return rebuildBalances({ ...this.own(log), ...more });
  }

  /** To a file, as retention does. */
  async write(
    share: { log: StagingLogReader; to: Offset; from?: string; usersMax?: number },
    path: string,
  ): Promise<void> {
    const { manager } = this.loads.dataSource;
    const quarantined = await readQuarantined(manager, share.log.identity);
    const resubmitted = await readResubmitted(manager, share.log.identity);
    const from = share.from === undefined ? null : await openShare(share.from);
    try {
      await writeShareFile({ ...share, from, quarantined, resubmitted }, path, (file, pieces) =>
        replaceFile(nodeLogFiles, file, pieces),
      );
    } finally {
      await from?.close();
    }
  }

  /** Up to the checkpoint, to a stream. */
  async compute(
    log: StagingLogReader,
    dataDir = this.loads.directory,
  ): Promise<{ outcome: unknown; written: Buffer }> {
    const pieces: Buffer[] = [];
    const out = new Writable({
      highWaterMark: 1,
      write: (piece: Buffer, _encoding, done) => {
        pieces.push(piece);
        setImmediate(done);
      },
    });
    const outcome = await computeShare({ ...this.own(log), dataDir }, out);
    await new Promise<void>((resolve) => out.end(resolve));
    return { outcome, written: Buffer.concat(pieces) };
  }

  private own(log: StagingLogReader) {
    return {
      dataSource: this.loads.dataSource,
      log,
      dataDir: this.loads.directory,
      refresh: () => Promise.resolve(),
      onProgress: () => undefined,
    };
  }
}

/** What a sound share file says of itself. */
export async function readHeader(path: string): Promise<unknown> {
  const share = await openShare(path);
  await share.close();
  return share;
}

/** What a share file says, line by line, without its checksum. */
export async function readLines(path: string): Promise<unknown[]> {
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  return lines.slice(0, -1).map((line) => JSON.parse(line) as unknown);
}
