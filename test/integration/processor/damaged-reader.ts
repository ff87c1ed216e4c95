import { toOffset, type LogChunk, type Offset } from '../../../src/staging-log/staging-log.port.js';
import { HookedReader } from './hooked-reader.js';
import type { StagingLogReader } from '../../../src/staging-log/staging-log.port.js';

export interface Damage {
  readonly from: number;
  readonly to: number;
  readonly code?: 'BLOCK_CORRUPT' | 'BLOCK_MISSING';
}

const HEAD_BYTES = 64 * 1024;

/**
 * A real log of which ranges are damaged as long as they are in `damage`, whatever their bytes are: for
 * cases that need many of them at places of the test's choice.
 */
export class DamagedReader extends HookedReader {
  damage: readonly Damage[] = [];

  constructor(private readonly sound: StagingLogReader) {
    super(sound, {});
  }

  override async read(from: Offset, bytesMax: number): Promise<LogChunk> {
    const here = this.damage.find((range) => range.from <= from && from < range.to);
    if (here !== undefined) return this.damagedChunk(from, here);
    const chunk = await this.sound.read(from, bytesMax);
    const next = this.damage.find((range) => from < range.from);
    if (chunk.kind !== 'records' || next === undefined || chunk.next <= next.from) return chunk;
    return {
      ...chunk,
      bytes: chunk.bytes.subarray(0, next.from - from),
      next: toOffset(next.from),
    };
  }

  private async damagedChunk(offset: Offset, { to, code }: Damage): Promise<LogChunk> {
    return {
      kind: 'damaged',
      offset,
      next: toOffset(to),
      code: code ?? 'BLOCK_CORRUPT',
      message: 'damaged by the test',
      head: await this.headOf(offset, Math.min(offset + HEAD_BYTES, to)),
    };
  }

  private async headOf(from: Offset, to: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for (let offset = from; offset < to;) {
      const chunk = await this.sound.read(offset, HEAD_BYTES);
      if (chunk.kind !== 'records') throw new Error(`no records at ${offset}, but ${chunk.kind}`);
      pieces.push(chunk.bytes);
      offset = chunk.next;
    }
    return Buffer.concat(pieces).subarray(0, to - from);
  }
}
