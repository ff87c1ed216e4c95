import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { rename, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { writeIdFile } from '../../../src/staging-log/ids/id-file.js';
import type { OpenedIds } from '../../../src/staging-log/ids/open-id-register.js';
import { LaidLog } from './remembers-ids-support.js';

const WINDOW_SECONDS = 86_400;
const BOUNDS = { idsMax: 1_000, windowSeconds: WINDOW_SECONDS };
const START_MS = 1_763_800_000_000;
const DECADE_MS = 10 * 365 * 86_400_000;

let log: LaidLog;
/** What the wall clock says. */
let wallMs: number;

beforeEach(async () => {
  log = await LaidLog.create();
  wallMs = START_MS;
});

afterEach(() => log.remove());

const payloadOf = (id: string): string => `{"of":"${id}"}`;

/** A process that begins with an empty active segment, stores ids in it and seals it. */
async function runOneSegment(
  steps: readonly { id: string; afterSeconds: number }[],
): Promise<void> {
  log.add([]);
  const opened = await log.open(BOUNDS);
  const { index, now } = opened;
  const records = steps.map(({ id, afterSeconds }) => {
    passTime(afterSeconds);
    index.add(id, payloadOf(id), now());
    return { timestamp: wallMs, id, payload: payloadOf(id) };
  });
  log.segments.pop();
  log.add(records);
  await seal(opened);
}

/** As the log does when the next segment begins. */
async function seal({ index, now, segments }: OpenedIds): Promise<void> {
  const number = log.segments.length - 1;
  const { first, bytes, idsPath } = log.segments[number]!;
  const { startPosition: from, startSeconds } = segments.at(-1)!;
  const seconds = now() - startSeconds;
  const facts = { first, length: bytes.length, seconds, lastTimestamp: wallMs };
  const to = index.position;
  await writeIdFile(log.files, idsPath, { index, from, to, startSeconds, facts, bounds: BOUNDS });
}

function passTime(seconds: number): void {
  wallMs += seconds * 1_000;
  log.elapsedMs += seconds * 1_000;
}

const look = ({ index, now }: OpenedIds, id: string): string =>
  index.look(id, payloadOf(id), now());

describe('ids of a segment that was sealed', () => {
  it.each([DECADE_MS, -DECADE_MS, WINDOW_SECONDS * 1_000])(
    'age by the monotonic clock, while the wall clock leaps by %d ms',
    async (leapMs) => {
      await runOneSegment([{ id: 'a', afterSeconds: 10 }]);
      wallMs += leapMs;
      await runOneSegment([
        { id: 'b', afterSeconds: 100 },
        { id: 'c', afterSeconds: 100 },
      ]);
      wallMs += leapMs;
      log.add([]);
      const opened = await log.open(BOUNDS);
      expect(log.read).toEqual([2]);
      expect(opened.now()).toBe(210);
      expect(['a', 'b', 'c'].map((id) => look(opened, id))).toEqual([
        ...['duplicate', 'duplicate', 'duplicate'],
      ]);
      passTime(WINDOW_SECONDS - 200);
      expect(look(opened, 'a')).toBe('duplicate');
      passTime(4);
      expect(['a', 'b'].map((id) => look(opened, id))).toEqual(['new', 'duplicate']);
    },
  );

  it('are told apart from those of the next one, which reads on where it ended', async () => {
    await runOneSegment([{ id: 'a', afterSeconds: 10 }]);
    log.add([{ timestamp: wallMs + 5_000, id: 'b', payload: payloadOf('b') }]);
    const { segments, index, now } = await log.open(BOUNDS);
    expect(segments).toEqual([
      ...[{ first: 0, startPosition: 0, startSeconds: 0, endSeconds: 10, lastTimestamp: wallMs }],
      {
        ...{ first: log.segments[1]!.first, startPosition: 1, startSeconds: 10, endSeconds: 15 },
        lastTimestamp: wallMs + 5_000,
      },
    ]);
    expect([index.position, now()]).toEqual([2, 15]);
  });

  it('are read while the window reaches back to its last second', async () => {
    await runOneSegment([{ id: 'a', afterSeconds: 0 }]);
    await runOneSegment([{ id: 'b', afterSeconds: WINDOW_SECONDS + 0.5 }]);
    log.add([]);
    const opened = await log.open(BOUNDS);
    expect(['a', 'b'].map((id) => look(opened, id))).toEqual(['duplicate', 'duplicate']);
  });

  it('are not read any more when newer ones fill the window', async () => {
    await runOneSegment([{ id: 'a', afterSeconds: 0 }]);
    await runOneSegment([{ id: 'b', afterSeconds: 0 }]);
    await runOneSegment([{ id: 'c', afterSeconds: WINDOW_SECONDS + 1 }]);
    log.add([]);
    const opened = await log.open(BOUNDS);
    expect(opened.segments.map(({ first }) => first)).toEqual(
      log.segments.slice(2).map(({ first }) => first),
    );
    expect(['a', 'b', 'c'].map((id) => look(opened, id))).toEqual(['new', 'new', 'duplicate']);
  });
});

describe('ids that a log takes over from the one before', () => {
  const inherited = (): string => join(log.directory, 'inherited.ids');

  /** What was known becomes a file of no segment, and the log begins anew. */
  beforeEach(async () => {
    log.add([{ timestamp: START_MS, id: 'old', payload: payloadOf('old') }]);
    await log.writeIds(0, BOUNDS);
    const { index } = await log.open(BOUNDS);
    const facts = { first: 0, length: 0, seconds: 50, lastTimestamp: START_MS };
    const source = { index, from: 0, to: index.position, startSeconds: 0 };
    await writeIdFile(log.files, inherited(), { ...source, facts, bounds: BOUNDS });
    log.segments.length = 0;
    log.add([{ timestamp: START_MS + 7_000, id: 'first', payload: payloadOf('first') }]);
  });

  it('are known, and as old as they were', async () => {
    const opened = await log.open(BOUNDS);
    expect(['old', 'first'].map((id) => look(opened, id))).toEqual(['duplicate', 'duplicate']);
    expect(opened.now()).toBe(57);
    expect(opened.segments).toMatchObject([{ first: 0, startPosition: 1, startSeconds: 50 }]);
    passTime(WINDOW_SECONDS - 57);
    expect(look(opened, 'old')).toBe('duplicate');
    passTime(4);
    expect(['old', 'first'].map((id) => look(opened, id))).toEqual(['new', 'duplicate']);
  });

  it('are known in a window that became wider', async () => {
    const opened = await log.open({ idsMax: 2_000, windowSeconds: WINDOW_SECONDS * 2 });
    expect(look(opened, 'old')).toBe('duplicate');
  });

  it('are reported when they are damaged, and the log opens without them', async () => {
    await truncate(inherited(), 70);
    const opened = await log.open(BOUNDS);
    expect(['old', 'first'].map((id) => look(opened, id))).toEqual(['new', 'duplicate']);
    expect(log.reports).toEqual([expect.stringMatching(/^error ids taken over are not known/)]);
  });

  it('are not asked for when newer ones fill the window', async () => {
    await rename(inherited(), `${inherited()}.away`);
    await runOneSegment([{ id: 'b', afterSeconds: WINDOW_SECONDS + 1 }]);
    await rename(`${inherited()}.away`, inherited());
    log.add([]);
    const opened = await log.open(BOUNDS);
    expect(['old', 'b'].map((id) => look(opened, id))).toEqual(['new', 'duplicate']);
    expect(opened.segments).toHaveLength(2);
  });
});
