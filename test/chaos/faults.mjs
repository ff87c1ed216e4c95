import { join } from 'node:path';

/**
 * Faults that are planted on purpose, to prove that a campaign sees them. A campaign that stays green
 * with one of these proves nothing.
 */
const EVERY = 7;

export const FAULTS = {
  'lose-writes': 'now and then a write to a segment says that it was done, and was not',
  'keep-torn-tails': 'what is to be cut off a segment stays',
  'forget-ids': 'the log remembers no ids',
  'unlink-early': 'a segment goes before its archive is in place',
  'share-late': 'a segment goes before the share that stands for it is in place',
};

/** The files with a fault; the same ones with none. */
export function faultyFiles(files, fault) {
  switch (fault) {
    case 'lose-writes':
      return losingWrites(files);
    case 'keep-torn-tails':
      return { ...files, truncate: () => Promise.resolve() };
    case 'unlink-early':
      return unlinkingEarly(files);
    case 'share-late':
      return sharingLate(files);
    default:
      return files;
  }
}

/** What the log is opened with besides, for a fault. */
export const faultyOptions = (fault) => (fault === 'forget-ids' ? { dedupeIdsMax: 0 } : {});

function losingWrites(files) {
  let writes = 0;
  const write = (fd, bytes, position) =>
    ++writes % EVERY === 0 ? Promise.resolve(bytes.length) : files.write(fd, bytes, position);
  return { ...files, write };
}

/** When the archive is written, and not yet renamed. */
function unlinkingEarly(files) {
  const archives = new Map();
  return {
    ...files,
    open: async (path, flags) => {
      const fd = await files.open(path, flags);
      archives.set(fd, path.endsWith('.jsonl.gz.new') ? path : null);
      return fd;
    },
    fsync: async (fd) => {
      await files.fsync(fd);
      const archive = archives.get(fd) ?? null;
      if (archive !== null) await files.unlink(archive.replace('archive/', '').slice(0, -7));
    },
  };
}

/** Says that the share is in place, and puts it there once the segment is gone and somebody looks again. */
function sharingLate(files) {
  const late = new Map();
  let looks = null;
  const putInPlace = async () => {
    for (const [to, from] of late) await files.rename(from, to);
    late.clear();
    looks = null;
  };
  return {
    ...files,
    rename: async (from, to) => {
      if (to.endsWith('.share')) late.set(to, from);
      else await files.rename(from, to);
    },
    readdir: async (directory) => {
      if (looks !== null && ++looks > 1) await putInPlace();
      const names = await files.readdir(directory);
      const said = (name) =>
        late.has(join(directory, name.slice(0, -4))) ? name.slice(0, -4) : name;
      return names.map(said);
    },
    unlink: async (path) => {
      await files.unlink(path);
      if (late.size > 0 && /\.jsonl(\.gz)?$/.test(path)) looks = 0;
    },
  };
}
