import type { LogImage } from './damage-bench.js';
import { beside, segmentsOf, type LeftLog } from './damage-log.js';
import type { ExpectedLog } from './damage-reading.js';

/** One bit of one file. */
export interface Flip {
  readonly name: string;
  readonly byte: number;
  readonly bit: number;
}

export function* everyFlip({ image }: LeftLog, name: string): Generator<Flip> {
  const { length } = image.get(name)!;
  for (let byte = 0; byte < length; byte++) {
    for (let bit = 0; bit < 8; bit++) yield { name, byte, bit };
  }
}

export function flipped(bytes: Buffer, { byte, bit }: Flip): Buffer {
  const copy = Buffer.from(bytes);
  copy[byte]! ^= 1 << bit;
  return copy;
}

export function flippedImage({ image }: LeftLog, flip: Flip): LogImage {
  return new Map(image).set(flip.name, flipped(image.get(flip.name)!, flip));
}

export const soundLog = ({ records, borders }: LeftLog): ExpectedLog => ({
  end: borders.at(-1)!,
  damaged: [],
  records,
});

/** After a flip in a segment: its block is damaged, as its `.sums` tells where it lies, and nothing else is. */
export function expectedAfterFlip(log: LeftLog, { name, byte }: Flip): ExpectedLog {
  const { image, borders, records } = log;
  const first = borders[segmentsOf(image).indexOf(name)]!;
  const [from, to] = blocksOf(image, name)
    .map(([start, length]) => [first + start, first + start + length] as const)
    .find(([start, end]) => start <= first + byte && first + byte < end)!;
  return {
    end: borders.at(-1)!,
    damaged: [{ from, to, code: 'BLOCK_CORRUPT' }],
    records: records.filter(({ offset, next }) => next <= from || offset >= to),
  };
}

function blocksOf(image: LogImage, name: string): [start: number, length: number][] {
  const lines = image.get(beside(name, 'sums'))!.toString().trim().split('\n');
  return lines
    .filter((line) => !line.startsWith('sealed'))
    .map((line) => [Number(line.split(' ')[0]), Number(line.split(' ')[1])]);
}
