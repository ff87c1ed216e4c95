/**
 * Beats in a thread of its own: timers of the main one come up to a millisecond late, and in a busy loop it would
 * take the core that what is measured needs.
 */
import { parentPort, workerData } from 'node:worker_threads';

const nothing = new Int32Array(new SharedArrayBuffer(4));
const startedAt = performance.now();
for (let beat = 1; ; beat++) {
  const wait = startedAt + beat * workerData.intervalMs - performance.now();
  if (wait > 0) Atomics.wait(nothing, 0, 0, wait);
  parentPort.postMessage(beat);
}
