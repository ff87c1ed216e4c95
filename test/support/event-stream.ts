import { request, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import type { RunProgress } from '../../src/client/client.port.js';

/** A reader of Server-Sent Events, on a connection of its own. */
export class EventStream<T = RunProgress> {
  readonly events: T[] = [];
  readonly comments: string[] = [];
  /** Whether the answer came to its end, or its connection was cut before. */
  readonly over: Promise<'ended' | 'cut'>;
  private rest = '';

  private constructor(readonly response: IncomingMessage) {
    this.over = new Promise((resolve) => {
      response.once('close', () => {
        resolve(response.complete ? 'ended' : 'cut');
      });
    });
    response.on('error', () => undefined);
    response.setEncoding('utf8');
  }

  /** Of `GET /generateEvents/progress`. Resolves with the head of the answer. With `reads: false` nothing behind it is taken. */
  static open(
    baseUrl: string,
    headers: OutgoingHttpHeaders = {},
    reads = true,
  ): Promise<EventStream> {
    return EventStream.openAt(`${baseUrl}/generateEvents/progress`, headers, reads);
  }

  /** The same, of any URL. */
  static async openAt<T>(
    url: string,
    headers: OutgoingHttpHeaders = {},
    reads = true,
  ): Promise<EventStream<T>> {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const all = { Accept: 'text/event-stream', ...headers };
      const outgoing = request(url, { agent: false, headers: all });
      outgoing.on('response', resolve).on('error', reject).end();
    });
    const stream = new EventStream<T>(response);
    if (reads) stream.read();
    return stream;
  }

  get last(): T | undefined {
    return this.events.at(-1);
  }

  read(): void {
    this.response.on('data', (text: string) => {
      const blocks = (this.rest + text).split('\n\n');
      this.rest = blocks.pop() ?? '';
      for (const block of blocks) this.take(block);
    });
  }

  /** Goes away without a word. */
  leave(): void {
    this.response.destroy();
  }

  private take(block: string): void {
    if (block.startsWith(': ')) this.comments.push(block.slice(2));
    else if (block.startsWith('data: ')) this.events.push(JSON.parse(block.slice(6)) as T);
    else throw new Error(`neither an event nor a comment: ${block}`);
  }
}
