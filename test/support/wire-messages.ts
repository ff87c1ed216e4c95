/** A message of PostgreSQL's protocol 3. The first one of a client has no type: here it is "startup". */
export interface WireMessage {
  readonly type: string;
  /** Without type and length. */
  readonly body: Buffer;
  /** As it came. */
  readonly bytes: Buffer;
}

/** Cuts what comes from one side into messages. */
export class WireMessages {
  private rest: Buffer = Buffer.alloc(0);
  private started: boolean;

  constructor(side: 'client' | 'server') {
    this.started = side === 'server';
  }

  /** The messages that are complete with these bytes. */
  add(bytes: Buffer): WireMessage[] {
    this.rest = Buffer.concat([this.rest, bytes]);
    const messages: WireMessage[] = [];
    for (;;) {
      const head = this.started ? 1 : 0;
      if (this.rest.length < head + 4) return messages;
      const length = head + this.rest.readInt32BE(head);
      if (this.rest.length < length) return messages;
      const whole = Buffer.from(this.rest.subarray(0, length));
      const type = this.started ? String.fromCharCode(whole[0] ?? 0) : 'startup';
      messages.push({ type, body: whole.subarray(head + 4), bytes: whole });
      this.rest = this.rest.subarray(length);
      this.started = true;
    }
  }
}

/** Query and Sync: behind them a client waits until the server is ready again. */
export const isRequestEnd = ({ type }: WireMessage): boolean =>
  type === 'startup' || type === 'Q' || type === 'S';

/** The SQL of a request, or "connect". */
export function textOf(request: readonly WireMessage[]): string {
  for (const { type, body } of request) {
    if (type === 'startup') return 'connect';
    if (type === 'Q') return body.toString('utf8', 0, body.length - 1);
    // The name of the statement, its text, the types of its parameters.
    if (type === 'P') return body.toString('utf8').split('\0')[1] ?? '';
  }
  return '';
}
