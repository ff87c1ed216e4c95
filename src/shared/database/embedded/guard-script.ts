/** Stands in the guard's command line before the process id of its owner; see {@link guardOwner}. */
const GUARD_NAME = 'revenue-etl-postgres-guard';

/**
 * The server's parent. Its standard input is a pipe that only the Node process holds open, so the end of input means that
 * Node is gone, however it went; then the server is told to shut down (SIGINT: fast shutdown).
 *
 * - A watcher reads the pipe while the main shell waits for the server, so that either end is noticed at once.
 * - The signal is repeated, because shells start background commands with SIGINT ignored and PostgreSQL needs a moment
 *   to install its own handler. A second SIGINT changes nothing in a fast shutdown.
 * - Signals that a service manager sends to all processes of a group are ignored: Node decides the order of the shutdown.
 * - The first line on standard output is the server's process id.
 */
const GUARD_SCRIPT = `
trap '' HUP INT TERM
shift
exec 3<&0
"$@" </dev/null >&2 3<&- &
server=$!
echo "$server"
{
  while read -r ignored <&3; do :; done
  while kill -INT "$server"; do sleep 1; done
} </dev/null >/dev/null 2>&1 &
watcher=$!
exec 3<&- </dev/null
wait "$server"
code=$?
kill -KILL "$watcher" 2>/dev/null
exit "$code"
`;

/** The arguments for `sh` that run `argv` under the guard. */
export function guardArguments(ownerPid: number, argv: readonly string[]): readonly string[] {
  return ['-c', GUARD_SCRIPT, GUARD_NAME, String(ownerPid), ...argv];
}

/** @returns the process id of the Node process that a guard was started by, or undefined when it is no guard's command line */
export function guardOwner(commandLine: string): number | undefined {
  const owner = new RegExp(`${GUARD_NAME} (\\d+) `).exec(commandLine)?.[1];
  return owner === undefined ? undefined : Number(owner);
}
