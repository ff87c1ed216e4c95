import { toOffset, type LogChunk, type Offset } from '../../../src/staging-log/staging-log.port.js';
import { HookedReader } from './hooked-reader.js';
import type { StagingLogReader } from '../../../src/staging-log/staging-log.port.js';

export interface Damage {
  readonly from: number;
  readonly to: number;
  readonly code?: 'BLOCK_CORRUPT' | 'BLOCK_MISSING';
}

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
    const { bytes } = (await this.sound.read(offset, 64 * 1024)) as { bytes: Buffer };
    return {
      kind: 'damaged',
      offset,
      next: toOffset(to),
      code: code ?? 'BLOCK_CORRUPT',
      message: 'damaged by the test',
      head: Buffer.from(bytes.subarray(0, Math.min(64 * 1024, to - offset))),
    };
  }
}
