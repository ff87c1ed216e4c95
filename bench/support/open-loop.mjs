import { Worker } from 'node:worker_threads';

const METRONOME = new URL('./metronome.mjs', import.meta.url);

/**
 * An open loop: calls are made when they are due, whatever became of those before. Each waited from when it was due,
 * not from when it was made: so a stall counts for all the calls that fall into it.
 * @param schedule so many calls `perSecond`, from now on until `stop` is aborted
 * @param call makes the one of that number; its promise is resolved when it is answered
 * @returns of each call, in the order of the answers, when it was `due`, in ms on the clock of `wallTime`, and its
 * `latency` in ms
 * @throws what a call throws
 */
export async function openLoop({ perSecond, stop }, call) {
  const samples = [];
  const intervalMs = 1000 / perSecond;
  const metronome = new Worker(METRONOME, { workerData: { intervalMs } });
  const startedAt = wallTime();
  let made = 0;
  const answers = new Set();
  try {
    await new Promise((resolve, reject) => {
      stop.addEventListener('abort', resolve, { once: true });
      metronome.once('error', reject);
      metronome.on('message', () => {
        for (; startedAt + made * intervalMs <= wallTime() && !stop.aborted; made++) {
          const due = startedAt + made * intervalMs;
          const answer = call(made).then(() => samples.push({ due, latency: wallTime() - due }));
          answers.add(answer);
          answer.then(() => answers.delete(answer), reject);
        }
      });
    });
    await Promise.all(answers);
  } finally {
    await metronome.terminate();
  }
  return samples;
}

/** In ms since 1970, as precise as `performance.now`. */
export const wallTime = () => performance.timeOrigin + performance.now();
