import { Latencies } from './latencies.mjs';

/**
 * A closed loop: each appender makes its next call when the one before is answered.
 * @param load how many at once, and for how long; what happens while it warms up counts for nothing
 * @param call makes one; its promise resolves to the answer
 * @param check throws for an answer that is not the expected one
 */
export async function closedLoop(load, call, check = () => {}) {
  await drive({ ...load, seconds: load.warmUpSeconds }, call, check);
  return drive(load, call, check);
}

async function drive({ appenders, seconds }, call, check) {
  const latencies = new Latencies();
  const startedAt = performance.now();
  const end = startedAt + seconds * 1000;
  const callAgainAndAgain = async () => {
    for (let start = performance.now(); start < end;) {
      check(await call());
      const now = performance.now();
      latencies.add(now - start);
      start = now;
    }
  };
  await Promise.all(Array.from({ length: appenders }, callAgainAndAgain));
  return latencies.summarize(performance.now() - startedAt);
}
