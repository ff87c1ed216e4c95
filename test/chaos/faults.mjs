/**
 * Faults that are planted on purpose, to prove that a campaign sees them. A campaign that stays green
 * with one of these proves nothing.
 */
const EVERY = 7;

export const FAULTS = {
  'lose-writes': 'now and then a write to a segment says that it was done, and was not',
  'keep-torn-tails': 'what is to be cut off a segment stays',
  'forget-ids': 'the log remembers no ids',
};

/** The files with a fault; the same ones with none. */
export function faultyFiles(files, fault) {
  if (fault === 'keep-torn-tails') return { ...files, truncate: () => Promise.resolve() };
  if (fault !== 'lose-writes') return files;
  let writes = 0;
  const write = (fd, bytes, position) =>
    ++writes % EVERY === 0 ? Promise.resolve(bytes.length) : files.write(fd, bytes, position);
  return { ...files, write };
}

/** What the log is opened with besides, for a fault. */
export const faultyOptions = (fault) => (fault === 'forget-ids' ? { dedupeIdsMax: 0 } : {});
