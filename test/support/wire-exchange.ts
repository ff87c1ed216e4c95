import type { Socket } from 'node:net';
import { textOf, type WireMessage } from './wire-messages.js';

interface WireConnection {
  readonly client: Socket;
  readonly server: Socket;
  /** Of the server's process for this connection; null before it has told it. */
  readonly pid: number | null;
}

/** One request of a client and the server's answer to it, on their way through a StatementProxy. */
export class Exchange {
  /** The SQL, or "connect". */
  readonly text: string;
  /** Resolves when the server has answered, or is gone: then it never will. */
  readonly answered: Promise<void>;
  private held = false;
  private answer: Buffer[] = [];
  private complete = false;
  private gone = false;
  private tellAnswered: () => void = () => undefined;

  constructor(
    private readonly connection: WireConnection,
    private readonly request: readonly WireMessage[],
  ) {
    this.text = textOf(request);
    this.answered = new Promise((resolve) => (this.tellAnswered = resolve));
  }

  get pid(): number | null {
    return this.connection.pid;
  }

  get isHeld(): boolean {
    return this.held;
  }

  /** Whether the server has done all of it, and said so. */
  get isComplete(): boolean {
    return this.complete;
  }

  /** Leaves it to a test what becomes of it, from here on. */
  async hold(strike: (exchange: Exchange) => Promise<void> | void): Promise<void> {
    this.held = true;
    try {
      await strike(this);
    } catch (error) {
      this.cut();
      throw error;
    }
  }

  /** Lets the server have the request. */
  deliver(): void {
    for (const { bytes } of this.request) this.connection.server.write(bytes);
  }

  /** Lets the client have what the server said, and says. */
  release(): void {
    this.held = false;
    for (const bytes of this.answer) this.connection.client.write(bytes);
    if (this.gone) this.connection.client.end();
  }

  /** Ends the connection on both sides: the client gets nothing of the answer. */
  cut(): void {
    this.held = false;
    this.connection.client.destroy();
    this.connection.server.destroy();
  }

  /** Ends the connection for the client; the server does not notice, and may still get the request. */
  loseClient(): void {
    this.connection.client.destroy();
  }

  /** @param message from the server */
  take(message: WireMessage): void {
    if (this.held) this.answer.push(message.bytes);
    else this.connection.client.write(message.bytes);
    if (message.type !== 'Z') return;
    this.complete = true;
    this.tellAnswered();
  }

  serverGone(): void {
    this.gone = true;
    this.tellAnswered();
    if (!this.held) this.connection.client.destroy();
  }
}
