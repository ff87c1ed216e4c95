/**
 * The yardstick: group commit and nothing else. No records, no checks, no bounds, no healing: whatever
 * queued while the last fdatasync ran is written and synced together.
 */
import * as fs from 'node:fs';

/** @returns an append of that many lines at once; its promise is resolved when they are durable */
export function openBareAppender(path, line) {
  const fd = fs.openSync(path, 'a');
  let queued = [];
  let lines = 0;
  let syncing = false;

  function commit() {
    if (syncing || queued.length === 0) return;
    syncing = true;
    const group = queued;
    const bytes = Buffer.from(line.repeat(lines));
    queued = [];
    lines = 0;
    fs.write(fd, bytes, (writeError) => {
      if (writeError) throw writeError;
      fs.fdatasync(fd, (syncError) => {
        if (syncError) throw syncError;
        syncing = false;
        for (const resolve of group) resolve();
        commit();
      });
    });
  }

  return (count) =>
    new Promise((resolve) => {
      queued.push(resolve);
      lines += count;
      commit();
    });
}
