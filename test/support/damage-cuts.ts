import type { LogImage } from './damage-bench.js';
import { beside, segmentsOf, type LeftLog } from './damage-log.js';
import type { DamagedRange, ExpectedLog } from './damage-reading.js';

/** A segment that is cut, and what else is lost with it. */
export interface Cut {
  readonly segment: number;
  readonly length: number;
  readonly laterOnes: 'kept' | 'removed';
  /** Of all segments. */
  readonly without: readonly ('sums' | 'ids')[];
}

/** Every length of every segment. */
export function* everyCut(
  { borders }: LeftLog,
  how: Pick<Cut, 'laterOnes' | 'without'>,
): Generator<Cut> {
  for (let segment = 0; segment + 1 < borders.length; segment++) {
    const full = borders[segment + 1]! - borders[segment]!;
    for (let length = 0; length <= full; length++) yield { ...how, segment, length };
  }
}

/** The files after it. */
export function cutImage({ image }: LeftLog, { segment, length, ...cut }: Cut): LogImage {
  const files = new Map(image);
  const names = segmentsOf(image);
  for (const [at, name] of names.entries()) {
    const isRemoved = cut.laterOnes === 'removed' && at > segment;
    if (isRemoved) files.delete(name);
    if (isRemoved || cut.without.includes('sums')) files.delete(beside(name, 'sums'));
    if (isRemoved || cut.without.includes('ids')) files.delete(beside(name, 'ids'));
  }
  files.set(names[segment]!, image.get(names[segment]!)!.subarray(0, length));
  return files;
}

/**
 * What must be found then, by docs/staging-log.md alone: whole lines before the cut are read. What is missing
 * is known, and quarantined, up to where the next segment begins; of a last segment, up to where its `.sums` ends.
 * Where nothing tells of it, the log ends at the last whole line.
 */
export function expectedAfter(log: LeftLog, cut: Cut): ExpectedLog {
  const { borders, records } = log;
  const first = borders[cut.segment]!;
  const whole = records.filter(({ next }) => next <= first + cut.length);
  const reached = Math.max(first, whole.at(-1)?.next ?? 0);
  const isLast = cut.laterOnes === 'removed' || cut.segment === borders.length - 2;
  const known = isLast ? knownEnd(log, cut) : borders[cut.segment + 1]!;
  const isCut = first + cut.length < known;
  const to = isCut ? known : reached;
  const damaged: DamagedRange[] = isCut ? [{ from: reached, to, code: 'BLOCK_MISSING' }] : [];
  const later = isLast ? [] : records.filter(({ offset }) => offset >= to);
  return { end: isLast ? to : borders.at(-1)!, damaged, records: [...whole, ...later] };
}

/** The last number that the `.sums` of the segment tells, as an offset. */
function knownEnd({ image, borders }: LeftLog, { segment, without }: Cut): number {
  const first = borders[segment]!;
  const sums = without.includes('sums')
    ? undefined
    : image.get(beside(segmentsOf(image)[segment]!, 'sums'));
  const fields = sums?.toString().trim().split('\n').at(-1)!.split(' ') ?? ['0', '0'];
  const [start, length] = fields[0] === 'sealed' ? ['0', fields[1]!] : [fields[0]!, fields[1]!];
  return first + Number(start) + Number(length);
}
