import { readFileSync } from 'node:fs';

/** As Linux tells it to programs, whatever its own clock ticks. */
const TICK_MS = 10;
/** Of what stands behind the program's name in /proc/<pid>/stat. */
const [USER, SYSTEM] = [11, 12];

/** What a process and its threads have worked, in ms; null where there is no /proc. */
export function processorTime(pid) {
  let stat;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[USER]) + Number(fields[SYSTEM])) * TICK_MS;
}
