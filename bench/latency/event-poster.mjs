import { Agent, request } from 'node:http';

/** Well before the application closes an idle connection: it could do so just when the next event goes out. */
const IDLE_MAX_MS = 1_000;

/** Posts events to an application, on as many connections as it takes. */
export class EventPoster {
  #url;
  #agent = new Agent({ keepAlive: true, maxFreeSockets: Infinity, timeout: IDLE_MAX_MS });

  constructor(url) {
    this.#url = new URL('/events', url);
  }

  /** @param events one, or an array @throws unless all of them are accepted */
  async post(events) {
    const body = JSON.stringify(events);
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    };
    const { status, text } = await new Promise((resolve, reject) => {
      const sent = request(
        this.#url,
        { method: 'POST', agent: this.#agent, headers },
        (response) => {
          let answer = '';
          response.setEncoding('utf8').on('data', (part) => (answer += part));
          response.once('end', () => resolve({ status: response.statusCode, text: answer }));
          response.once('error', reject);
        },
      );
      sent.once('error', reject).end(body);
    });
    if (status !== 202) throw new Error(`POST /events was answered ${status} ${text}`);
  }

  close() {
    this.#agent.destroy();
  }
}
