/**
 * Begins to measure; the answer ends it.
 * @returns in ms: `readyMs`, how old the process was at the begin, `milliseconds` since then, and `cpuMs`, what this
 * process and its threads worked meanwhile
 */
export function startWatch() {
  const [startedAt, usage] = [performance.now(), process.cpuUsage()];
  return () => {
    const { user, system } = process.cpuUsage(usage);
    const milliseconds = performance.now() - startedAt;
    return { readyMs: startedAt, milliseconds, cpuMs: (user + system) / 1000 };
  };
}
