import { join } from 'node:path';

/** The paths of one embedded cluster, all absolute and without symbolic links. */
export interface ClusterLayout {
  /** `DATA_DIR` itself, shared with the rest of the product. */
  readonly dataDir: string;
  /** `DATA_DIR/postgres`, 0700: everything below is ours. */
  readonly rootDir: string;
  /** `DATA_DIR/postgres/<major>`: PostgreSQL's data directory. */
  readonly clusterDir: string;
  readonly major: number;
  /** The socket's place when the path is short enough. */
  readonly runDir: string;
  /** The server's own log files. */
  readonly logDir: string;
  /** Names the temporary socket directory in use, so that the next start can remove it after a SIGKILL. */
  readonly socketNoteFile: string;
}

/** @param dataDir absolute and resolved: the path is compared with the command lines of running processes */
export function clusterLayout(dataDir: string, major: number): ClusterLayout {
  const rootDir = join(dataDir, 'postgres');
  return {
    dataDir,
    rootDir,
    clusterDir: join(rootDir, String(major)),
    major,
    runDir: join(rootDir, 'run'),
    logDir: join(rootDir, 'log'),
    socketNoteFile: join(rootDir, 'socket-directory'),
  };
}
