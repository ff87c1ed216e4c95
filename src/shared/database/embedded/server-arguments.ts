import { SOCKET_PORT } from './socket-directory.js';
import type { ServerSetup } from './server-setup.js';

/** Size at which the server begins a new log file; see `pruneServerLogs` for how many are kept. */
const LOG_FILE_KB_MAX = 2048;

/** Given on the command line, so that no edit of postgresql.conf can weaken what an acknowledged load rests on. */
const DURABILITY = { fsync: 'on', full_page_writes: 'on', synchronous_commit: 'on' };

/**
 * Memory is taken as it is used. 256 MB hold the balances of a million users and their index: a load of 10,000 of
 * them takes half the CPU that it takes with 64 MB, where their pages come from the kernel and are checked each time.
 */
const RESOURCES = { max_connections: '50', shared_buffers: '256MB' };

const LOGGING = {
  logging_collector: 'on',
  log_filename: 'postgresql-%Y%m%d-%H%M%S.log',
  log_file_mode: '0600',
  log_rotation_age: '0',
  log_rotation_size: `${LOG_FILE_KB_MAX}kB`,
  log_min_messages: 'warning',
  log_checkpoints: 'off',
  log_line_prefix: '%m [%p] ',
  log_timezone: 'UTC',
  timezone: 'UTC',
};

/**
 * The command line of the server. It begins with the program, `-D` and `-p`, in this order: that is how a running
 * server is recognised later.
 *
 * @param stalePid a process id in a stale lock file that PostgreSQL would take for a live server. It overlooks its
 *   grandparent's id, which it learns from the environment; its other checks (shared memory in use) stay in force.
 */
export function serverArguments(
  setup: ServerSetup,
  stalePid: number | undefined,
): [string, ...string[]] {
  const { layout, binaries, socketDir } = setup;
  const environment = [
    'LC_ALL=C',
    ...(stalePid === undefined ? [] : [`PG_GRANDPARENT_PID=${stalePid}`]),
  ];
  const access = {
    listen_addresses: '',
    unix_socket_directories: quoteListItem(socketDir),
    unix_socket_permissions: '0700',
  };
  const settings = {
    ...access,
    ...DURABILITY,
    ...RESOURCES,
    ...LOGGING,
    log_directory: layout.logDir,
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return [
    'env',
    ...environment,
    binaries.postgres,
    '-D',
    layout.clusterDir,
    '-p',
    String(SOCKET_PORT),
    ...options,
  ];
}

/** The setting is a comma-separated list; quotes keep a directory with a comma or a space in one piece. */
function quoteListItem(value: string): string {
  return `"${value.replaceAll('"', '""')}"`;
}
