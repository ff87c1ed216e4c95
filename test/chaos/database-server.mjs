import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';

const LOOK_MS = 5;
const ANSWERS_WITHIN_MS = 10_000;
/** A tick of the slowest `LOAD_CRON`, and some more. */
const LOAD_WITHIN_MS = 8_000;

/** The embedded PostgreSQL of an application, as somebody sees it who comes to kill its processes. */
export class DatabaseServer {
  #root;

  /** @param dataDir of the application */
  constructor(dataDir) {
    this.#root = join(dataDir, 'postgres');
  }

  /** The process id of the postmaster; null when none runs. */
  async postmaster() {
    return (await this.#lockFile())?.pid ?? null;
  }

  /** SIGKILL to the postmaster; its backends notice. @returns whether there was one */
  async killServer() {
    const pid = await this.postmaster();
    return pid !== null && killed(pid);
  }

  /**
   * SIGKILL to one process of the server, whereupon it ends all others and recovers.
   * @param isBackend of a client, or one of the server's own
   * @param pick from 0 to below 1
   */
  async killProcess(isBackend, pick) {
    return this.#asClient(async (client) => {
      const { rows } = await client.query(
        `select pid from pg_stat_activity
         where pid <> pg_backend_pid() and (backend_type = 'client backend') = $1 order by pid`,
        [isBackend],
      );
      return rows.length > 0 && killed(rows[Math.floor(pick * rows.length)].pid);
    });
  }

  /**
   * Lets the next load wait in the midst of its transaction, at the statement that writes the table.
   * @param kill is called with a function that kills its backend
   * @returns false when no load came, and nobody was killed
   */
  async whileLoadWaits(table, kill) {
    return this.#asClient(async (client) => {
      await client.query('begin');
      await client.query(`lock table ${table} in share mode`);
      for (const deadline = Date.now() + LOAD_WITHIN_MS; Date.now() < deadline;) {
        const { rows } = await client.query(
          `select pid from pg_stat_activity where $1 = any (pg_blocking_pids(pid))`,
          [client.processID],
        );
        if (rows.length > 0) {
          await kill(() => killed(rows[0].pid));
          return true;
        }
        await sleep(LOOK_MS);
      }
      return false;
    });
  }

  /** False when nobody answers, when the server ends meanwhile, and when the table is not there yet. */
  async #asClient(work) {
    const client = await this.#connect();
    if (client === null) return false;
    try {
      return await work(client);
    } catch (error) {
      if (error.code !== undefined || /connection/i.test(error.message)) return false;
      throw error;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  async #connect() {
    for (const deadline = Date.now() + ANSWERS_WITHIN_MS; Date.now() < deadline;) {
      const found = await this.#lockFile();
      if (found !== null) {
        const { host, port } = found;
        const client = new pg.Client({ host, port, user: 'postgres', database: 'revenue' });
        client.on('error', () => undefined);
        const isConnected = await client.connect().then(
          () => true,
          () => false,
        );
        if (isConnected) return client;
      }
      await sleep(LOOK_MS);
    }
    return null;
  }

  /** Null unless it is that of a process that runs on this very cluster. */
  async #lockFile() {
    const majors = await readdir(this.#root).catch(() => []);
    for (const major of majors.filter((name) => /^\d+$/.test(name))) {
      const directory = join(this.#root, major);
      const text = await readFile(join(directory, 'postmaster.pid'), 'utf8').catch(() => '');
      const [pid, , , port, host] = text.split('\n');
      if (!host || !(await commandLineOf(pid)).includes(directory)) continue;
      return { pid: Number(pid), port: Number(port), host };
    }
    return null;
  }
}

/** Empty when there is no such process. */
async function commandLineOf(pid) {
  if (process.platform === 'linux') {
    return readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  }
  const listed = promisify(execFile)('ps', ['-ww', '-o', 'command=', '-p', pid]);
  return listed.then(({ stdout }) => stdout).catch(() => '');
}

/** @returns false when it is gone already */
function killed(pid) {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (error.code === 'ESRCH') return false;
    throw error;
  }
}
