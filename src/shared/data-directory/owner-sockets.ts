import { readdir, unlink, type FileHandle } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** What an owner tells tools that work beside it. */
export interface OwnerFacts {
  /** The identity of its staging log: a new epoch gives the same directory another one. */
  readonly logIdentity?: string;
  /** The durable, exclusive end of that log. */
  readonly endOffset?: number;
  /** The database that it uses, which may be its embedded one. */
  readonly databaseUrl?: string;
}

export interface OwnerHello extends OwnerFacts {
  readonly state: 'contending' | 'owner';
  readonly pid: number | null;
}

export interface OtherSocket {
  readonly name: string;
  readonly hello: OwnerHello;
}

const ANSWER_TIMEOUT_MS = 2_000;
/** Between bind and listen a socket refuses for a moment: only one that refuses twice is dead. */
const SECOND_LOOK_MS = 150;

/** Socket paths end at 107 bytes; on Linux the open directory gives a short one for any place. */
export function socketPath(directory: FileHandle, path: string, name: string): string {
  return process.platform === 'linux' ? `/proc/self/fd/${directory.fd}/${name}` : join(path, name);
}

/** All live sockets but the one of this name. Sockets of dead processes are removed on the way. */
export async function findOthers(
  directory: FileHandle,
  path: string,
  ownName: string | null,
): Promise<OtherSocket[]> {
  const names = (await readdir(path)).filter((name) => name.endsWith('.sock') && name !== ownName);
  const others = names.map(async (name): Promise<OtherSocket[]> => {
    const target = socketPath(directory, path, name);
    const hello = (await ask(target)) ?? (await sleep(SECOND_LOOK_MS).then(() => ask(target)));
    if (hello !== null) return [{ name, hello }];
    await unlink(join(path, name)).catch(() => undefined);
    return [];
  });
  return (await Promise.all(others)).flat();
}

/**
 * Null when nobody listens, or when the one who did is dying: an owner always says something. A
 * process that listens but does not answer in time (stopped, say) counts as owner.
 */
function ask(target: string): Promise<OwnerHello | null> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(target);
    socket.setEncoding('utf8').setTimeout(ANSWER_TIMEOUT_MS);
    socket.on('data', (part: string) => (text += part));
    socket.on('end', () => {
      resolve(text === '' ? null : parseHello(text));
    });
    socket.on('timeout', () => {
      resolve(UNKNOWN_OWNER);
      socket.destroy();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const dead = ['ECONNREFUSED', 'ENOENT', 'ECONNRESET', 'EPIPE'].includes(error.code ?? '');
      resolve(dead ? null : UNKNOWN_OWNER);
    });
  });
}

const UNKNOWN_OWNER: OwnerHello = { state: 'owner', pid: null };

function parseHello(text: string): OwnerHello {
  try {
    return JSON.parse(text) as OwnerHello;
  } catch {
    return UNKNOWN_OWNER;
  }
}
