import type { IncomingMessage, ServerResponse } from 'node:http';

const waiting = new WeakMap<IncomingMessage, ServerResponse>();

/** Of a request with `Expect: 100-continue`: its body comes once it was asked for. */
export const holdBody = (request: IncomingMessage, response: ServerResponse): void => {
  waiting.set(request, response);
};

/** Tells a sender that waits for it to send its body. To be called when access is granted. */
export function askForBody(request: IncomingMessage): void {
  if (request.headers.expect === undefined) return;
  waiting.get(request)?.writeContinue();
  waiting.delete(request);
}
