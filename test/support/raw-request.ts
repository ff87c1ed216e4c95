import { once } from 'node:events';
import { connect } from 'node:net';
import type { Answer } from './send-request.js';

/**
 * Writes bytes, which need not be HTTP, and reads the one answer that is followed by the end of the connection, or by
 * nothing for as long as its body is not there as a whole.
 */
export async function sendRaw(baseUrl: string, bytes: string): Promise<Answer> {
  const { hostname, port } = new URL(baseUrl);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  socket.setEncoding('utf8');
  await once(socket, 'connect');
  let received = '';
  const complete = new Promise<void>((resolve, reject) => {
    socket.on('data', (part: string) => {
      received += part;
      if (isComplete(received)) resolve();
    });
    socket.on('close', () => {
      resolve();
    });
    socket.on('error', reject);
  });
  socket.write(bytes);
  await complete;
  socket.destroy();
  return parse(received);
}

function isComplete(received: string): boolean {
  const { headers, text } = split(received);
  return headers['content-length'] === String(Buffer.byteLength(text));
}

function parse(received: string): Answer {
  const { status, headers, text } = split(received);
  return { status, headers, text, json: text.startsWith('{') ? JSON.parse(text) : null };
}

function split(received: string): Omit<Answer, 'json'> {
  const [head = '', text = ''] = received.split('\r\n\r\n', 2);
  const [start = '', ...lines] = head.split('\r\n');
  const headers = lines.map((header): [string, string] => {
    const [name = '', ...value] = header.split(': ');
    return [name.toLowerCase(), value.join(': ')];
  });
  return { status: Number(start.split(' ')[1]), headers: Object.fromEntries(headers), text };
}
