import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What to do with a connection: send it, wait so many ms, or, null, end the sending side. */
export type Step = string | Buffer | number | null;

/**
 * Does the steps on a connection of its own, and resolves with all that came back once the other side has closed
 * it. For what no HTTP client sends.
 */
export async function rawExchange(baseUrl: string, steps: readonly Step[]): Promise<string> {
  const { hostname, port } = new URL(baseUrl);
  const socket = connect(Number(port), hostname);
  let received = '';
  socket.setEncoding('utf8').on('data', (part: string) => (received += part));
  socket.on('error', () => undefined); // the other side may close while we still send
  const closed = new Promise<void>((resolve) => socket.once('close', resolve));
  for (const step of steps) {
    if (socket.destroyed) break;
    if (typeof step === 'number') await sleep(step);
    else if (step === null) socket.end();
    else socket.write(step);
  }
  await closed;
  return received;
}
