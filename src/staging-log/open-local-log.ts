import { Histogram, LATENCY_SECONDS } from '../shared/histogram.js';
import type { ActiveSegment } from './segments/active-segment.js';
import { placeCutOffEpoch } from './files/epoch-files.js';
import type { GroundWatch } from './append/ground-watch.js';
import { LocalLogReader } from './read/local-log-reader.js';
import { LocalRetention } from './retention/local-retention.js';
import { openLogDirectory } from './files/log-directory.js';
import { nodeLogFiles, type LogFiles } from './files/log-files.js';
import { idsPath, stagingDirectory } from './files/log-layout.js';
import { openIdRegister, type OpenedIds, type SegmentIds } from './ids/open-id-register.js';
import { openSegments } from './segments/open-segments.js';
import type { OwnerView } from './segments/owner-view.js';
import { readPieces } from './read/read-pieces.js';
import { RecordClock } from './append/record-clock.js';
import { SegmentAges } from './retention/segment-ages.js';
import { SegmentChain } from './segments/segment-chain.js';
import { SegmentSealer } from './segments/segment-sealer.js';
import { toOffset } from './staging-log.port.js';
import { watchGround } from './append/watch-ground.js';

export interface LocalStagingLogOptions {
  /** The log lives in `<dataDir>/staging`. Its caller owns the directory, see DataDirectoryOwner. */
  readonly dataDir: string;
  /** A segment that has as many is followed by a new one. */
  readonly segmentBytesMax: number;
  readonly dedupeIdsMax: number;
  readonly dedupeWindowSeconds: number;
  readonly appendQueueBytesMax: number;
  /** 0: off. */
  readonly backlogBytesMax: number;
  readonly diskFreeBytesMin: number;
  readonly report: (level: 'info' | 'warn' | 'error', message: string) => void;
  readonly files?: LogFiles;
  /** The wall clock of records, in milliseconds. */
  readonly now?: () => number;
  /** A monotonic clock for the age of ids, in milliseconds. */
  readonly elapsed?: () => number;
}

/** What an open log is made of. */
export interface LogParts {
  readonly view: OwnerView;
  readonly reader: LocalLogReader;
  readonly ids: OpenedIds;
  readonly clock: RecordClock;
  readonly chain: SegmentChain;
  readonly sealer: SegmentSealer;
  readonly ground: GroundWatch;
  readonly retention: LocalRetention;
  /** Of the syncs of appends. */
  readonly syncSeconds: Histogram;
}

/** Opens or creates the log's files, repairs what a crash left, and reads the ids of the window back. */
export async function openLocalLog(options: LocalStagingLogOptions): Promise<LogParts> {
  const { files = nodeLogFiles, report } = options;
  const directory = stagingDirectory(options.dataDir);
  await placeCutOffEpoch(files, options.dataDir);
  const identity = await openLogDirectory(files, directory);
  const syncSeconds = new Histogram(LATENCY_SECONDS);
  const place = { files, directory, report, syncSeconds };
  const { view, unsealed } = await openSegments(place, identity);
  const reader = new LocalLogReader(files, view);
  try {
    reportTornTail(view.active, options);
    await reader.holdLast();
    const { elapsed, dedupeIdsMax, dedupeWindowSeconds } = options;
    const segments = idSources(view, reader);
    const ids = await openIdRegister({
      ...{ files, directory, segments, elapsed, dedupeIdsMax, dedupeWindowSeconds, report },
    });
    const bounds = { idsMax: dedupeIdsMax, windowSeconds: dedupeWindowSeconds };
    const sealer = new SegmentSealer({ ...place, view, index: ids.index, bounds }, unsealed);
    const clock = new RecordClock((back) => {
      report('warn', `the clock went back by ${back} ms; timestamps follow it`);
    }, options.now);
    const border = bordersOf(ids, clock);
    const ages = new SegmentAges(ids, bounds);
    const chain = new SegmentChain({
      ...{ view, place, segmentBytesMax: options.segmentBytesMax },
      onRotated: (segment) => {
        const finished = { segment, ...border() };
        const { from, to, startSeconds, seconds } = finished;
        ages.finished(segment.first, { from, to, endSeconds: startSeconds + seconds });
        sealer.add(finished);
        void reader.holdLast().catch(() => undefined); // who reads it tells
      },
    });
    const ground = await watchGround({ view, reader }, { files, directory }, options);
    const retention = new LocalRetention({
      ...{ files, view, reader, ages, now: options.now, elapsed },
    });
    return { view, reader, ids, clock, chain, sealer, ground, retention, syncSeconds };
  } catch (error) {
    await Promise.allSettled([view.active.close(), reader.close()]);
    throw error;
  }
}

/** Archived segments were out of the window before they were packed. */
function idSources({ directory, segments, end }: OwnerView, reader: LocalLogReader): SegmentIds[] {
  return segments.flatMap(({ first, archived }, at) => {
    if (archived) return [];
    const next = segments[at + 1]?.first ?? end;
    return {
      first,
      length: next - first,
      idsPath: idsPath(directory, first),
      sealed: at < segments.length - 1,
      pieces: () => readPieces(reader, toOffset(first), toOffset(next)),
    };
  });
}

/** Tells, at each rotation, which ids and which time belong to the segment that ends there. */
function bordersOf(
  { index, now, segments }: OpenedIds,
  clock: RecordClock,
): () => {
  from: number;
  to: number;
  startSeconds: number;
  seconds: number;
  lastTimestamp: number;
} {
  const active = segments.at(-1);
  let from = active?.startPosition ?? index.position;
  let startSeconds = active?.startSeconds ?? now();
  return () => {
    const [to, endSeconds] = [index.position, now()];
    const lastTimestamp = clock.latest;
    const seconds = endSeconds - startSeconds;
    const finished = { from, to, startSeconds, seconds, lastTimestamp };
    [from, startSeconds] = [to, endSeconds];
    return finished;
  };
}

function reportTornTail({ tornTail }: ActiveSegment, { report }: LocalStagingLogOptions): void {
  if (tornTail === null) return;
  const { bytes, offset, keptAs } = tornTail;
  const where = keptAs === null ? 'the disk has no room to keep them' : `kept as ${keptAs}`;
  report('warn', `cut ${bytes} bytes without a line end at offset ${offset}, ${where}`);
}
