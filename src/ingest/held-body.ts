import type { BodyBytes } from '../shared/http/body-bytes.js';
import { GrowingBytes } from './growing-bytes.js';

const EMPTY = Buffer.alloc(0);

/** A body in memory, and its share of the bound of all bodies. */
export class HeldBody {
  private first: Buffer | null = null;
  /** All of it, once it came in several chunks: a list of tiny ones would take hundreds of bytes for each. */
  private gathered: GrowingBytes | null = null;
  private held = 0;
  private used = 0;

  /** @param bytesMax that it may have */
  constructor(
    private readonly bodyBytes: BodyBytes,
    private readonly bytesMax: number,
  ) {}

  get length(): number {
    return this.used;
  }

  get bytes(): Buffer {
    return this.first ?? this.gathered?.bytes ?? EMPTY;
  }

  /** @throws Problem 503 when all bodies together are too much. */
  add(chunk: Buffer): void {
    if (this.used === 0) this.first = chunk;
    else this.gather(chunk);
    this.used += chunk.length;
    const takes = Math.max(this.used, this.gathered?.capacity ?? 0);
    this.bodyBytes.take(takes - this.held);
    this.held = takes;
  }

  private gather(chunk: Buffer): void {
    this.gathered ??= new GrowingBytes(this.bytesMax);
    if (this.first !== null) this.gathered.add(this.first);
    this.first = null;
    this.gathered.add(chunk);
  }

  /** Its memory is nobody's any more. */
  release(): void {
    this.bodyBytes.give(this.held);
    this.held = 0;
  }
}
