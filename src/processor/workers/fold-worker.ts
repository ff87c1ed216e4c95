import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';
import { basename } from 'node:path';
import { parentPort } from 'node:worker_threads';
import type { FoldRequest } from './fold-messages.js';

const NICENESS = 10;

/**
 * Requests and the database come first: where all cores are busy, this thread has what they leave. On Linux, where a
 * thread has a priority of its own; elsewhere it stays as it is.
 */
function giveWay(): void {
  try {
    setPriority(Number(basename(readlinkSync('/proc/thread-self'))), NICENESS);
  } catch {
    // there is no such place, or it is not allowed
  }
}

giveWay();

// Only now: to load and compile it is work, too.
const { FoldThread } = await import('./fold-thread.js');

/** The entry of a worker thread. Requests are answered one by one; an error ends the thread. */
const thread = new FoldThread();

parentPort?.on('message', (request: FoldRequest) => {
  const { answer, transfer } = thread.answer(request);
  parentPort?.postMessage(answer, transfer);
});
