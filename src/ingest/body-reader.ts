import type { IncomingMessage } from 'node:http';
import type { BodyBytes } from '../shared/http/body-bytes.js';
import type { BodyWatch, WatchedBody } from '../shared/http/body-watch.js';
import { Problem } from '../shared/http/problem.js';
import { bodyIncomplete } from './body-incomplete.js';
import { unpackingFor, type Unpacker } from './unpackers.js';

/** Up to here nothing is said about the ratio: short bodies of equal lines shrink to next to nothing. */
const RATIO_LOOKED_AT_FROM_BYTES = 4 * 1024 * 1024;

export interface BodyReaderOptions {
  readonly watch: BodyWatch;
  /** What unpacking keeps in memory is a part of it. */
  readonly bodyBytes: BodyBytes;
  /** Unpacked bytes by packed ones. */
  readonly ratioMax: number;
}

/**
 * A body, chunk by chunk, unpacked. Reads on only when it is asked to, so that memory stays flat. Never
 * destroys the request: whatever was wrong with it is to be answered.
 */
export class BodyReader {
  private readonly unpacker: Unpacker | null;
  private readonly chunks: AsyncIterator<Buffer>;
  private readonly watched: WatchedBody;
  private readonly windowBytes: number;
  private received = 0;
  private unpacked = 0;
  /** Of its window, as far as it is filled. */
  private heldBytes = 0;
  private stopped: Problem | null = null;
  /** Rejects what `next` promised. */
  private fail: (problem: Problem) => void = () => undefined;

  /** @throws Problem 415 for an encoding that is not taken. */
  constructor(
    private readonly request: IncomingMessage,
    private readonly options: BodyReaderOptions,
  ) {
    const unpacking = unpackingFor(request.headers['content-encoding']);
    this.unpacker = unpacking?.create() ?? null;
    this.windowBytes = unpacking?.windowBytes ?? 0;
    if (this.unpacker !== null) this.feed(this.unpacker);
    const source = this.unpacker ?? request;
    this.chunks = source.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
    this.watched = options.watch.watch(request, (problem) => {
      this.stop(problem);
    });
    this.watched.held = true;
  }

  /**
   * The next chunk, never empty, or null at the end of a body that ended as it should.
   * @throws Problem 400, 408 or 413; nothing is to be read any more then.
   */
  async next(): Promise<Buffer | null> {
    this.watched.held = false;
    for (;;) {
      const chunk = await this.nextChunk();
      if (chunk === null) return await this.end();
      if (chunk.length === 0) continue;
      this.watched.held = true;
      if (this.unpacker !== null) this.countUnpacked(this.unpacker, chunk.length);
      return chunk;
    }
  }

  /** Ends the reading with this problem, also of a chunk that is waited for. */
  stop(problem: Problem): void {
    this.stopped = problem;
    this.fail(problem);
  }

  /** To be called when nothing is read any more, whatever happened. */
  close(): void {
    this.options.watch.done(this.watched);
    this.options.bodyBytes.give(this.heldBytes);
    this.heldBytes = 0;
    if (this.unpacker === null) return;
    this.request.unpipe(this.unpacker);
    this.unpacker.destroy();
  }

  private nextChunk(): Promise<Buffer | null> {
    return new Promise((resolve, reject) => {
      this.fail = reject;
      if (this.stopped !== null) reject(this.stopped);
      this.chunks.next().then(
        ({ done, value }) => {
          resolve(done === true ? null : value);
        },
        (error: unknown) => {
          reject(this.explain(error));
        },
      );
    });
  }

  private feed(unpacker: Unpacker): void {
    const { request } = this;
    const cut = (): void => {
      if (!request.complete) unpacker.destroy(bodyIncomplete());
    };
    request.on('data', (chunk: Buffer) => (this.received += chunk.length));
    request.once('close', cut);
    request.once('error', cut);
    request.pipe(unpacker);
  }

  private explain(error: unknown): Problem {
    if (error instanceof Problem) return error;
    if (!this.request.complete && this.request.destroyed) return bodyIncomplete();
    return bodyBroken(error instanceof Error ? error.message : String(error));
  }

  private countUnpacked(unpacker: Unpacker, bytes: number): void {
    this.unpacked += bytes;
    const { ratioMax, bodyBytes } = this.options;
    const held = Math.min(this.unpacked, this.windowBytes);
    bodyBytes.take(held - this.heldBytes);
    this.heldBytes = held;
    if (this.unpacked < RATIO_LOOKED_AT_FROM_BYTES) return;
    if (this.unpacked <= unpacker.bytesWritten * ratioMax) return;
    const detail = `the body unpacks to more than BODY_RATIO_MAX (${ratioMax}) times its size`;
    throw new Problem({ status: 413, code: 'BODY_RATIO_TOO_HIGH', detail });
  }

  private async end(): Promise<null> {
    const { request, unpacker } = this;
    if (unpacker !== null && !request.complete) await this.readOut(unpacker);
    if (!request.complete) throw bodyIncomplete();
    // zlib leaves alone what comes behind the end of its stream. It may hold events.
    if (unpacker !== null && unpacker.bytesWritten !== this.received) throw bytesBehind();
    return null;
  }

  /** What is packed has ended; the request is about to. */
  private async readOut(unpacker: Unpacker): Promise<void> {
    const { request } = this;
    request.unpipe(unpacker);
    await new Promise<void>((resolve, reject) => {
      this.fail = reject;
      if (this.stopped !== null) reject(this.stopped);
      request.on('data', () => {
        if (this.received > unpacker.bytesWritten) reject(bytesBehind());
      });
      request.once('end', resolve);
      request.once('close', resolve);
      request.resume();
    });
  }
}

const bodyBroken = (why: string): Problem => {
  const detail = `the body cannot be unpacked as its Content-Encoding says: ${why}`;
  return new Problem({ status: 400, code: 'BODY_BROKEN', detail });
};

const bytesBehind = (): Problem => bodyBroken('there are bytes behind the end of what is packed');
