import { parentPort } from 'node:worker_threads';
import type { FoldRequest } from './fold-messages.js';
import { FoldThread } from './fold-thread.js';

/** The entry of a worker thread. Requests are answered one by one; an error ends the thread. */
const thread = new FoldThread();

parentPort?.on('message', (request: FoldRequest) => {
  const { answer, transfer } = thread.answer(request);
  parentPort?.postMessage(answer, transfer);
});
