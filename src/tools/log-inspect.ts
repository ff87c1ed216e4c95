import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { appConfig } from '../shared/config/config.js';
import {
  findRecordAt,
  findRecordSince,
  inspectLog,
  type FoundRecord,
  type InspectedLog,
  type LogAsItIs,
} from '../staging-log/log-tools.port.js';
import { parseOffset, parseOptions, parseTime, UsageError } from './log-arguments.js';
import { withLog } from './workspace.js';

/** 0, and 1 when a record was asked for and there is none. */
export async function inspect(args: readonly string[]): Promise<number> {
  const { log, json, offset, since } = parseOptions(args, {
    log: { type: 'string' },
    json: { type: 'boolean' },
    offset: { type: 'string' },
    since: { type: 'string' },
  });
  if (offset !== undefined && since !== undefined) {
    throw new UsageError('--offset and --since both say where: give one of them');
  }
  const find =
    offset !== undefined
      ? findAt(parseOffset('offset', offset))
      : since !== undefined
        ? findSince(parseTime('since', since))
        : null;
  return withLog(appConfig.dataDir, log ?? null, async (opened) => {
    if (find !== null) return printRecord(opened, await find(opened), json === true);
    const inspected = await inspectLog(opened);
    const checkpoint = await readCheckpointFile(opened);
    const text =
      json === true
        ? JSON.stringify({ ...inspected, checkpoint }, null, 2)
        : describe(inspected, checkpoint);
    process.stdout.write(`${text}\n`);
    return 0;
  });
}

type Find = (opened: LogAsItIs) => Promise<FoundRecord | null>;

const findAt =
  (offset: number): Find =>
  (opened) =>
    findRecordAt(opened, offset);

const findSince =
  (time: number): Find =>
  (opened) =>
    findRecordSince(opened, time);

function printRecord(
  { log, directory }: LogAsItIs,
  found: FoundRecord | null,
  json: boolean,
): number {
  if (found === null) {
    const there = `the log in ${directory} has offsets ${log.startOffset()} to ${log.endOffset()}`;
    process.stderr.write(`there is no such record: ${there}\n`);
    return 1;
  }
  const { offset, next, line } = found;
  const text = json ? JSON.stringify({ offset, next, line }) : `offset ${offset}\n${line}`;
  process.stdout.write(`${text}\n`);
  return 0;
}

/** `checkpoint.json`, for people; the database has the true one. Null when there is none to read. */
async function readCheckpointFile({ directory }: LogAsItIs): Promise<unknown> {
  try {
    return JSON.parse(await readFile(join(dirname(directory), 'checkpoint.json'), 'utf8'));
  } catch {
    return null;
  }
}

function describe(log: InspectedLog, checkpoint: unknown): string {
  const { identity, directory, start, end, tornBytes, segments, shares, epoch } = log;
  const torn = tornBytes === 0 ? '' : `, and ${tornBytes} bytes of a torn tail behind`;
  const rows = segments.map((segment) => [
    ...[segment.first, segment.end, segment.bytes].map(String),
    ...[segment.state, segment.path],
  ]);
  return [
    `log ${identity} in ${directory}`,
    `offsets ${start} to ${end} (${end - start} bytes${torn})`,
    `checkpoint.json: ${checkpoint === null ? 'none' : JSON.stringify(checkpoint)}`,
    ...(epoch === null ? [] : [`epoch.json: ${JSON.stringify(epoch)}`]),
    '',
    ...formatTable(['first', 'end', 'file bytes', 'state', 'file'], rows),
    ...shares.map(({ offset, path }) => `share of all before offset ${offset}: ${path}`),
  ].join('\n');
}

/** Numbers to the right, texts to the left. */
function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const lines = [head, ...rows];
  const widths = head.map((_, column) =>
    lines.reduce((widest, line) => Math.max(widest, line[column]?.length ?? 0), 0),
  );
  const isNumber = (column: number): boolean =>
    rows.every((row) => /^\d*$/.test(row[column] ?? ''));
  return lines.map((line) =>
    line
      .map((text, column) => {
        const width = widths[column] ?? 0;
        return isNumber(column) ? text.padStart(width) : text.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
}
