import { readFileSync } from 'node:fs';

/** The most memory that this process had at any time, in bytes (resident). */
export function peakMemory() {
  try {
    // Not what getrusage says: a program begins there with what its parent had.
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
    return Number(kilobytes) * 1024;
  } catch {
    return process.resourceUsage().maxRSS * 1024; // no /proc here
  }
}
