import { spawnSync } from 'node:child_process';
import { chownSync, mkdirSync, rmSync, statSync } from 'node:fs';

/** A disk of its own size at a directory, in memory. */
export class SmallDisk {
  private constructor(private readonly directory: string) {}

  /** Makes the directory and mounts the disk there. Null where this process may not mount. */
  static mount(directory: string, bytes: number): SmallDisk | null {
    mkdirSync(directory, { recursive: true });
    const options = ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', directory];
    if (spawnSync('/bin/mount', options).status === 0) return new SmallDisk(directory);
    rmSync(directory, { recursive: true, force: true });
    return null;
  }

  /** Gives its root to whom `path` belongs. */
  giveToOwnerOf(path: string): void {
    const { uid, gid } = statSync(path);
    chownSync(this.directory, uid, gid);
  }

  resize(bytes: number): void {
    const done = spawnSync('/bin/mount', ['-o', `remount,size=${bytes}`, this.directory]);
    if (done.status !== 0) throw new Error(`cannot resize: ${done.stderr.toString()}`);
  }

  /** With all that is on it. */
  remove(): void {
    spawnSync('/bin/umount', ['-l', this.directory]);
    rmSync(this.directory, { recursive: true, force: true });
  }
}
