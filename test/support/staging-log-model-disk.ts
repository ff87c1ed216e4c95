import { basename, dirname } from 'node:path';
import type { FileState, LogFiles } from '../../src/staging-log/files/log-files.js';
import type { DiskSpace } from '../../src/staging-log/staging-log.port.js';

/** A change of a file's bytes that no sync has made durable yet. */
type Change = { readonly position: number; readonly bytes: Buffer } | { readonly length: number };

interface File {
  readonly inode: bigint;
  /** As every process sees it. */
  bytes: Buffer;
  /** As it stands on the disk for certain. */
  durable: Buffer;
  pending: Change[];
}

/** One change of names that happens as a whole: a name that goes, and one that comes. */
interface Naming {
  readonly gone?: string;
  readonly come?: readonly [string, Node];
}

interface Directory {
  names: Map<string, Node>;
  durable: Map<string, Node>;
  pending: Naming[];
}

type Node = File | Directory;

/** How the processes of a disk end: killed, or with the power of the whole machine. */
export type Ending = 'killed' | 'power lost';

const fail = (code: string, path: string): Error =>
  Object.assign(new Error(`${code}: ${path}`), { code });

const isDirectory = (node: Node): node is Directory => 'names' in node;

/**
 * Files in memory that say what a loss of power leaves of them: what was synced is there, and of the rest
 * as much as the dice tell. Bytes of a file come in the order in which they were written, the last write
 * may be torn; names that were made, replaced or removed since their directory was synced come or not, each by
 * itself. A sync of a file makes no name durable, and one of a directory no bytes.
 */
export class MemoryDisk implements LogFiles {
  private readonly root: Directory;
  private readonly opened = new Map<number, { readonly node: Node; readonly path: string }>();
  private inodes = 0n;
  private descriptors = 0;

  /** @param rootPath an empty directory that is there durably */
  constructor(private readonly rootPath: string) {
    this.root = { names: new Map(), durable: new Map(), pending: [] };
  }

  /** Ends all processes; what they had open is closed. @param random from 0 to below 1 */
  end(ending: Ending, random: () => number): void {
    this.opened.clear();
    if (ending === 'power lost') loseDirectory(this.root, random);
  }

  /** What a failed sync may do: what was written is never tried again, though it can still be read. */
  dropUnsynced(fd: number): void {
    const { node } = this.use(fd);
    if (!isDirectory(node)) node.pending = node.pending.filter((change) => 'length' in change);
  }

  async open(path: string, flags: string): Promise<number> {
    const parent = this.directory(dirname(path));
    let node = path === this.rootPath ? this.root : parent.names.get(basename(path));
    if (flags.includes('x') && node !== undefined) throw fail('EEXIST', path);
    if (node === undefined) {
      if (!flags.startsWith('w')) throw fail('ENOENT', path);
      node = this.createFile();
      change(parent, { come: [basename(path), node] });
    } else if (flags.startsWith('w') && !isDirectory(node)) {
      write(node, { length: 0 });
    }
    this.opened.set(++this.descriptors, { node, path });
    return Promise.resolve(this.descriptors);
  }

  async close(fd: number): Promise<void> {
    this.use(fd);
    this.opened.delete(fd);
    return Promise.resolve();
  }

  async stat(path: string): Promise<FileState> {
    return Promise.resolve(stateOf(this.file(path)));
  }

  async fstat(fd: number): Promise<FileState> {
    return Promise.resolve(stateOf(this.useFile(fd)));
  }

  async read(fd: number, into: Buffer, position: number): Promise<number> {
    return Promise.resolve(this.useFile(fd).bytes.copy(into, 0, position));
  }

  async write(fd: number, bytes: Buffer, position: number): Promise<number> {
    write(this.useFile(fd), { position, bytes: Buffer.from(bytes) });
    return Promise.resolve(bytes.length);
  }

  fdatasync(fd: number): Promise<void> {
    return this.fsync(fd);
  }

  async fsync(fd: number): Promise<void> {
    const { node } = this.use(fd);
    if (isDirectory(node)) {
      for (const naming of node.pending) rename(node.durable, naming);
    } else {
      node.durable = node.pending.reduce(apply, node.durable);
    }
    node.pending = [];
    return Promise.resolve();
  }

  async truncate(fd: number, length: number): Promise<void> {
    write(this.useFile(fd), { length });
    return Promise.resolve();
  }

  async rename(from: string, to: string): Promise<void> {
    if (dirname(from) !== dirname(to)) throw fail('EXDEV', to);
    const naming = { gone: basename(from), come: [basename(to), this.file(from)] as const };
    change(this.directory(dirname(from)), naming);
    return Promise.resolve();
  }

  async unlink(path: string): Promise<void> {
    this.file(path);
    change(this.directory(dirname(path)), { gone: basename(path) });
    return Promise.resolve();
  }

  async chmod(path: string): Promise<void> {
    this.file(path);
    return Promise.resolve();
  }

  async mkdir(path: string): Promise<void> {
    const parent = this.directory(dirname(path));
    if (!parent.names.has(basename(path))) {
      const made: Directory = { names: new Map(), durable: new Map(), pending: [] };
      change(parent, { come: [basename(path), made] });
    }
    return Promise.resolve();
  }

  async readdir(path: string): Promise<string[]> {
    return Promise.resolve([...this.directory(path).names.keys()]);
  }

  async diskSpace(): Promise<DiskSpace> {
    return Promise.resolve({ freeBytes: Infinity, totalBytes: Infinity });
  }

  private createFile(): File {
    this.inodes += 1n;
    return { inode: this.inodes, bytes: NOTHING, durable: NOTHING, pending: [] };
  }

  private directory(path: string): Directory {
    if (path === this.rootPath || path === dirname(this.rootPath)) return this.root;
    const node = this.directory(dirname(path)).names.get(basename(path));
    if (node === undefined) throw fail('ENOENT', path);
    if (!isDirectory(node)) throw fail('ENOTDIR', path);
    return node;
  }

  private file(path: string): File {
    const node = this.directory(dirname(path)).names.get(basename(path));
    if (node === undefined) throw fail('ENOENT', path);
    if (isDirectory(node)) throw fail('EISDIR', path);
    return node;
  }

  private use(fd: number): { readonly node: Node; readonly path: string } {
    const opened = this.opened.get(fd);
    if (opened === undefined) throw fail('EBADF', String(fd));
    return opened;
  }

  private useFile(fd: number): File {
    const { node, path } = this.use(fd);
    if (isDirectory(node)) throw fail('EISDIR', path);
    return node;
  }
}

const NOTHING = Buffer.alloc(0);

const stateOf = ({ inode, bytes }: File): FileState => ({ device: 1n, inode, size: bytes.length });

function apply(before: Buffer, made: Change): Buffer {
  const end = 'length' in made ? made.length : made.position + made.bytes.length;
  const size = 'length' in made ? end : Math.max(before.length, end);
  const after = Buffer.alloc(size);
  before.copy(after);
  if (!('length' in made)) made.bytes.copy(after, made.position);
  return after;
}

function write(file: File, made: Change): void {
  file.bytes = apply(file.bytes, made);
  file.pending.push(made);
}

function rename(names: Map<string, Node>, { gone, come }: Naming): void {
  if (gone !== undefined) names.delete(gone);
  if (come !== undefined) names.set(...come);
}

function change(directory: Directory, naming: Naming): void {
  rename(directory.names, naming);
  directory.pending.push(naming);
}

function loseDirectory(directory: Directory, random: () => number): void {
  const { durable, pending } = directory;
  const share = random() * 1.5 - 0.25; // all and nothing come often
  for (const naming of pending) if (random() < share) rename(durable, naming);
  directory.pending = [];
  directory.names = new Map(durable);
  for (const node of new Set(durable.values())) {
    if (isDirectory(node)) loseDirectory(node, random);
    else loseBytes(node, random);
  }
}

function loseBytes(file: File, random: () => number): void {
  const { durable, pending } = file;
  const kept = Math.round((random() * 1.5 - 0.25) * pending.length);
  let bytes = pending.slice(0, Math.max(0, kept)).reduce(apply, durable);
  const torn = pending[Math.max(0, kept)];
  if (torn !== undefined && 'bytes' in torn) {
    const part = torn.bytes.subarray(0, Math.floor(random() * (torn.bytes.length + 1)));
    if (part.length > 0) bytes = apply(bytes, { ...torn, bytes: part });
  }
  file.pending = [];
  file.durable = bytes;
  file.bytes = bytes;
}
