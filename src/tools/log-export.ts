import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { appConfig } from '../shared/config/config.js';
import { findBorders, readRange, type LogAsItIs } from '../staging-log/log-tools.port.js';
import type { Offset } from '../staging-log/staging-log.port.js';
import { parseOffset, parseOptions, RefusedError } from './log-arguments.js';
import { withOutput, type Written } from './log-output.js';
import { Progress } from './progress.js';
import { withLog } from './workspace.js';

/** 0; 1 when a part of it is damaged, and was left out. */
export async function exportRecords(args: readonly string[]): Promise<number> {
  const options = parseOptions(args, {
    log: { type: 'string' },
    from: { type: 'string' },
    to: { type: 'string' },
    out: { type: 'string' },
  });
  const { from, to, log, out: path } = options;
  return withLog(appConfig.dataDir, log ?? null, async (opened) => {
    const range = {
      from: from === undefined ? opened.log.startOffset() : parseOffset('from', from),
      to: to === undefined ? opened.log.endOffset() : parseOffset('to', to),
    };
    await assertBorder(opened, 'from', range.from);
    await assertBorder(opened, 'to', range.to);
    return withOutput(path, (out) => writeRange(opened, range, out));
  });
}

async function assertBorder(opened: LogAsItIs, name: string, offset: Offset): Promise<void> {
  const { before, after } = await findBorders(opened, offset);
  if (before === offset) return;
  const nearest =
    before === after
      ? `the nearest is that of the log itself, ${before}`
      : `${before} and ${after} are the nearest`;
  throw new RefusedError(`--${name} ${offset} is no border of a record; ${nearest}`);
}

async function writeRange(
  opened: LogAsItIs,
  range: { readonly from: Offset; readonly to: Offset },
  out: Writable,
): Promise<Written> {
  let damages = 0;
  const { from, to } = range;
  if (from >= to) {
    const [start, end] = [opened.log.startOffset(), opened.log.endOffset()];
    const there = `the log in ${opened.directory} has offsets ${start} to ${end}`;
    process.stderr.write(`nothing to export from ${from} to ${to}: ${there}\n`);
  }
  const progress = new Progress('export');
  // A bar among the records on one terminal would spoil both.
  const isApart = out !== process.stdout || !process.stdout.isTTY;
  let done = 0;
  const pass = (bytes: number): void => {
    done += bytes;
    if (isApart) progress.report(done, to - from);
  };
  const pieces = readRange(opened, range, ({ offset, next, code, message }) => {
    damages += 1;
    progress.clear();
    pass(next - offset);
    process.stderr.write(`left out, ${code}: offsets ${offset} to ${next}: ${message}\n`);
  });
  try {
    await pipeline(counted(pieces, pass), out, { end: false });
  } catch (error) {
    // Whoever reads it has seen enough.
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  } finally {
    progress.end();
  }
  return { exitCode: damages === 0 ? 0 : 1, keep: true };
}

/** The same pieces; of each it is told once it was taken. */
async function* counted(
  pieces: AsyncIterable<Buffer>,
  onTaken: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  onTaken(0);
  for await (const bytes of pieces) {
    const { length } = bytes;
    yield bytes;
    onTaken(length);
  }
}
