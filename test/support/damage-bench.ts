import {
  accessSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalStagingLog } from '../../src/staging-log/local-staging-log.js';
import { quickLogFiles } from './quick-log-files.js';
import { StruckLogFiles } from './struck-log-files.js';

/** What lies in the directory of a log: name to bytes. */
export type LogImage = ReadonlyMap<string, Buffer>;

const MEMORY = '/dev/shm';

/** Syncs cost nothing in memory, and no test that only looks at bytes has a use for them. */
function fastDirectory(): string {
  try {
    accessSync(MEMORY, constants.W_OK);
    return MEMORY;
  } catch {
    return tmpdir();
  }
}

/** A log whose files are laid as a test wants them, over and over. */
export class DamageBench {
  readonly reports: string[] = [];
  /** What the log works on. */
  readonly struck = new StruckLogFiles(quickLogFiles);
  readonly dataDir = mkdtempSync(join(fastDirectory(), 'revenue-etl-damage-'));
  readonly directory = join(this.dataDir, 'staging');

  constructor(private readonly segmentBytesMax: number) {
    mkdirSync(this.directory);
  }

  /** Puts exactly these files there. */
  lay(image: LogImage): void {
    for (const name of readdirSync(this.directory)) unlinkSync(join(this.directory, name));
    for (const [name, bytes] of image) writeFileSync(join(this.directory, name), bytes);
    this.reports.length = 0;
  }

  /** What a crash right now would leave, if the disk had all that was written. */
  image(): LogImage {
    const names = readdirSync(this.directory).sort();
    return new Map(names.map((name) => [name, readFileSync(join(this.directory, name))]));
  }

  open(): Promise<LocalStagingLog> {
    return LocalStagingLog.open({
      dataDir: this.dataDir,
      segmentBytesMax: this.segmentBytesMax,
      dedupeIdsMax: 1_000,
      dedupeWindowSeconds: 3_600,
      appendQueueBytesMax: 1024 * 1024,
      backlogBytesMax: 0,
      diskFreeBytesMin: 0,
      files: this.struck.files,
      now: () => 1,
      report: (level, message) => void this.reports.push(`${level} ${message}`),
    });
  }

  /** @throws when the log left a file open. */
  assertAllClosed(): void {
    const names = [...this.struck.open.values()];
    if (names.length > 0) throw new Error(`still open: ${names.join(', ')}`);
  }

  remove(): void {
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

/**
 * Does the same with every case, some at once, each in a directory of its own.
 * @throws the first error, with the name of its case.
 */
export async function withEach<Case>(
  cases: Iterable<Case>,
  create: () => DamageBench,
  work: (bench: DamageBench, one: Case) => Promise<void>,
): Promise<number> {
  const AT_ONCE = 24; // where calls fail, a log mostly waits
  const left = cases[Symbol.iterator]();
  let done = 0;
  let isFailed = false;
  const worker = async (): Promise<void> => {
    const bench = create();
    try {
      for (let next = left.next(); next.done !== true && !isFailed; next = left.next()) {
        await work(bench, next.value).catch((cause: unknown) => {
          isFailed = true;
          throw new Error(`with ${JSON.stringify(next.value)}: ${String(cause)}`, { cause });
        });
        done += 1;
      }
    } finally {
      bench.remove();
    }
  };
  const results = await Promise.allSettled(Array.from({ length: AT_ONCE }, worker));
  const failed = results.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
  return done;
}
