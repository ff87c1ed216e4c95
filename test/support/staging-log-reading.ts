import {
  START_OF_LOG,
  type LogHealth,
  type NewRecord,
  type Offset,
  type RecordOutcome,
  type StagingLog,
  type StagingLogReader,
} from '../../src/staging-log/staging-log.port.js';

/** One line of the log as a reader gets it, without its line end. */
export interface ReadLine {
  readonly offset: Offset;
  readonly next: Offset;
  readonly text: string;
  /** Only its head was given: the line is too long to be a record. */
  readonly oversized: boolean;
}

/** Reads a log to its end as its users do, chunk by chunk. @throws when there is damage in it. */
export async function readLines(
  log: StagingLogReader,
  from: Offset = START_OF_LOG,
  bytesMax = 64 * 1024,
): Promise<ReadLine[]> {
  const lines: ReadLine[] = [];
  for (let offset = from; ;) {
    const chunk = await log.read(offset, bytesMax);
    if (chunk.kind === 'end') return lines;
    if (chunk.kind === 'damaged') throw new Error(`damaged at ${chunk.offset}: ${chunk.message}`);
    if (chunk.kind === 'oversized') {
      lines.push({ ...chunk, text: chunk.head.toString('latin1'), oversized: true });
    } else {
      for (let start = 0; start < chunk.bytes.length;) {
        const end = chunk.bytes.indexOf('\n', start);
        if (end < 0) throw new Error(`the chunk at ${offset} ends within a record`);
        const text = chunk.bytes.toString('utf8', start, end);
        const [at, next] = [chunk.offsetAt(start), chunk.offsetAt(end + 1)];
        lines.push({ offset: at, next, text, oversized: false });
        start = end + 1;
      }
    }
    if (chunk.next <= offset) throw new Error(`reading at ${offset} does not get on`);
    offset = chunk.next;
  }
}

export const readTexts = async (log: StagingLogReader): Promise<string[]> =>
  (await readLines(log)).map(({ text }) => text);

/** The `n` of each record. */
export const readNumbers = async (log: StagingLogReader): Promise<number[]> =>
  (await readTexts(log)).map((text) => (JSON.parse(text) as { n: number }).n);

/** A record that says its number, with an id when one is given. */
export const record = (n: number, id?: string): NewRecord => ({
  ...(id === undefined ? {} : { id }),
  payload: JSON.stringify({ n }),
});

/** Appends, and fails the test when the log refuses. */
export async function appendAll(
  log: StagingLog,
  ...records: readonly NewRecord[]
): Promise<readonly RecordOutcome[]> {
  const result = await log.append(records);
  if (result.kind === 'refused') throw new Error(`refused: ${result.code} ${result.message}`);
  return result.outcomes;
}

/** Waits until the log takes no more. */
export async function refusing(
  log: StagingLog,
  timeoutMs = 60_000,
): Promise<Extract<LogHealth, { kind: 'refusing' }>> {
  for (const deadline = Date.now() + timeoutMs; Date.now() < deadline;) {
    const health = log.health();
    if (health.kind === 'refusing') return health;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`the log still accepts after ${timeoutMs} ms`);
}

/** Waits until the log takes records again. */
export async function accepting(log: StagingLog, timeoutMs = 60_000): Promise<void> {
  for (const deadline = Date.now() + timeoutMs; Date.now() < deadline;) {
    if (log.health().kind === 'accepting') return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`the log still refuses after ${timeoutMs} ms`);
}
