/**
 * What is in the files of a log, read as anybody could, with nothing of the application: segments and
 * archives, each of which begins where the one before it ends; and before the first one what a share tells.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { StoredRecords, Violation } from './stored-records.mjs';

export class StoredLog {
  /** All that was ever seen in it, retired since or not. */
  records;
  /** Where its first segment or archive begins. */
  start = 0;
  #directory;
  /** By first offset, which file was found in order, so that only what changed is read again. */
  #proved = new Map();

  /** @param payloadOf what the payload of a record must be, by sender and number */
  constructor(directory, payloadOf) {
    this.#directory = directory;
    this.records = new StoredRecords(payloadOf);
  }

  /**
   * Every record that was ever there is there still, once and in order, or before the start, which a share
   * covers. To be asked after each process, so that nothing is retired unseen.
   * @returns the bytes of a torn tail, and the offsets of the shares @throws Violation
   */
  async check() {
    const { files, shares } = await this.#list();
    this.start = files[0]?.first ?? 0;
    if (this.start > Math.max(0, ...shares)) {
      throw new Violation('lost', `the log begins at ${this.start}, and no share tells of before`);
    }
    let [end, tornBytes] = [this.start, 0];
    for (const [at, file] of files.entries()) {
      if (file.first !== end) {
        throw new Violation('lost', `${file.path} begins at ${file.first}, the log ends at ${end}`);
      }
      const next = files[at + 1]?.first;
      if (next === undefined) [end, tornBytes] = await this.#checkLast(file);
      else await this.#checkWhole(file, next);
      end = next ?? end;
    }
    if (end !== this.records.offset) {
      throw new Violation('lost', `the log ends at ${end}, not at ${this.records.offset}`);
    }
    return { tornBytes, shares };
  }

  /** Reads all that is there once more at the next check. */
  forgetProofs() {
    this.#proved.clear();
  }

  /** One that others follow: the next one begins where it ends. */
  async #checkWhole(file, next) {
    const { ino, size, mtimeNs } = await stat(file.path, { bigint: true });
    const state = `${file.path} ${ino} ${size} ${mtimeNs}`;
    if (this.#proved.get(file.first) === state) return;
    const { again } = await this.#take(file);
    if (again.offset !== next) {
      throw new Violation('lost', `${file.path} ends at ${again.offset}, not at ${next}`);
    }
    this.#proved.set(file.first, state);
  }

  async #checkLast(file) {
    const { again, length } = await this.#take(file);
    return [again.offset, file.first + length - again.offset];
  }

  async #take(file) {
    const { records } = this;
    const bytes = await bytesOf(file);
    const again = records.again(file.first);
    const known = records.offset - file.first;
    if (known < bytes.length) records.take(bytes.subarray(known));
    again.take(bytes);
    return { again, length: bytes.length };
  }

  /** The files in order; an archive counts when there is no segment, and with its checksums. */
  async #list() {
    const names = await namesIn(this.#directory);
    const archive = join(this.#directory, 'archive');
    const packed = await namesIn(archive);
    const byOffset = new Map();
    for (const name of packed.filter((one) => one.endsWith('.jsonl.gz'))) {
      byOffset.set(Number.parseInt(name, 10), join(archive, name));
    }
    const plain = names.filter((one) => one.endsWith('.jsonl'));
    for (const name of plain) byOffset.set(Number.parseInt(name, 10), join(this.#directory, name));
    const files = [...byOffset].map(([first, path]) => ({ first, path }));
    files.sort((one, other) => one.first - other.first);
    for (const { path } of files.filter((one) => one.path.endsWith('.gz'))) {
      const sums = path.replace('.jsonl.gz', '.sums');
      if (!packed.some((name) => sums.endsWith(name))) {
        throw new Violation('damaged', `${sums} is missing`);
      }
    }
    const shares = names.filter((one) => one.endsWith('.share'));
    return { files, shares: shares.map((name) => Number.parseInt(name, 10)) };
  }
}

/** None when it is not there yet. */
const namesIn = (directory) => readdir(directory).catch(() => []);

async function bytesOf({ path }) {
  const bytes = await readFile(path);
  return path.endsWith('.gz') ? promisify(gunzip)(bytes) : bytes;
}
