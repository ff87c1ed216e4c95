import { claimCluster } from './claim-cluster.js';
import { askServer } from './database-session.js';
import { EmbeddedPostgresError } from './embedded-postgres.error.js';
import { pause } from './pause.js';
import { Postmaster } from './postmaster.process.js';
import { serverArguments } from './server-arguments.js';
import { pruneServerLogs, readServerLogTail } from './server-log-files.js';
import type { ServerSetup } from './server-setup.js';
import { clearSocketDirectory } from './socket-directory.js';

const POLL_MS = 20;
const READY_TIMEOUT_MS = 60_000;
/** A server that answers "starting up" is replaying its log: ending it would only make it begin again. */
const RECOVERY_TIMEOUT_MS = 900_000;
const STARTING_UP = '57P03';
/** What PostgreSQL says while processes of a killed server are about to end. */
const PASSING_REFUSAL = /pre-existing shared memory block|lock file ".*" already exists/;

/** `passing`: the reason goes away by itself within seconds, so trying again makes sense. */
export type StartOutcome =
  | { readonly kind: 'ready'; readonly postmaster: Postmaster }
  | { readonly kind: 'failed'; readonly error: EmbeddedPostgresError; readonly passing: boolean }
  | { readonly kind: 'aborted' };

/**
 * One attempt to get the server to answer a query. Leaves no process behind unless the outcome is `ready`.
 * Bounded: 30 s for a left-over server, 60 s to answer, 15 min when it recovers after a crash.
 */
export async function startPostmaster(
  setup: ServerSetup,
  signal: AbortSignal,
): Promise<StartOutcome> {
  const sinceMs = Date.now();
  try {
    const claim = await claimCluster(setup.layout, setup.log, signal);
    if (signal.aborted) return { kind: 'aborted' };
    await clearSocketDirectory(setup.socketDir);
    await pruneServerLogs(setup.layout.logDir);
    const postmaster = Postmaster.spawn(setup.account, serverArguments(setup, claim.stalePid));
    const readiness = await awaitReady(postmaster, setup, signal);
    if (readiness.kind === 'answering') return { kind: 'ready', postmaster };
    await postmaster.stop();
    if (readiness.kind === 'aborted') return { kind: 'aborted' };
    return await explainFailure(postmaster, setup, { ...readiness, sinceMs });
  } catch (error) {
    const typed = EmbeddedPostgresError.from(error, setup.layout.clusterDir);
    return { kind: 'failed', error: typed, passing: false };
  }
}

interface Failure {
  readonly kind: 'failed';
  readonly code: 'EMBEDDED_POSTGRES_START_FAILED' | 'EMBEDDED_POSTGRES_START_TIMEOUT';
  readonly text: string;
}

type Readiness = { readonly kind: 'answering' } | { readonly kind: 'aborted' } | Failure;

async function awaitReady(
  postmaster: Postmaster,
  setup: ServerSetup,
  signal: AbortSignal,
): Promise<Readiness> {
  const startedAt = performance.now();
  for (;;) {
    const refusal = await askServer(setup.socketDir);
    if (refusal === undefined) return { kind: 'answering' };
    if (signal.aborted) return { kind: 'aborted' };
    if (!postmaster.isRunning) return endedAtStart(await postmaster.exited);
    const boundMs = refusal.code === STARTING_UP ? RECOVERY_TIMEOUT_MS : READY_TIMEOUT_MS;
    if (performance.now() - startedAt > boundMs) return timedOut(boundMs, refusal.message);
    await pause(POLL_MS, signal);
  }
}

function endedAtStart(reason: string): Failure {
  return {
    kind: 'failed',
    code: 'EMBEDDED_POSTGRES_START_FAILED',
    text: `ended at start (${reason})`,
  };
}

function timedOut(boundMs: number, lastAnswer: string): Failure {
  const text = `did not answer within ${boundMs / 1000} s (${lastAnswer})`;
  return { kind: 'failed', code: 'EMBEDDED_POSTGRES_START_TIMEOUT', text };
}

async function explainFailure(
  postmaster: Postmaster,
  setup: ServerSetup,
  { code, text, sinceMs }: Failure & { readonly sinceMs: number },
): Promise<StartOutcome> {
  const lines = [...postmaster.output, ...(await readServerLogTail(setup.layout.logDir, sinceMs))];
  const said = lines.length === 0 ? 'It printed nothing.' : `Its last lines:\n${lines.join('\n')}`;
  const message = `PostgreSQL ${setup.binaries.version} on ${setup.layout.clusterDir} ${text}. ${said}`;
  const passing = postmaster.output.some((line) => PASSING_REFUSAL.test(line));
  return { kind: 'failed', error: new EmbeddedPostgresError(code, message), passing };
}
