/** SQLSTATEs that this system decides by, with PostgreSQL's names for them. */
export const SQL_STATE = {
  serializationFailure: '40001',
  deadlockDetected: '40P01',
  undefinedTable: '42P01',
} as const;

/** What an operator can do about the states that a load meets most, by the state or its class. */
const ADVICE: Readonly<Record<string, string>> = {
  '25006': 'the server is read-only: DATABASE_URL must name the primary, and its disk have room',
  '28': 'user and password in DATABASE_URL, or pg_hba.conf, need correction',
  '3D000': 'the database in DATABASE_URL does not exist: create it',
  '42501': 'the role lacks a privilege: it must own the tables, or be granted what the text names',
  '53100': 'the disk of the database is full: make room there',
  '53200': 'the server is out of memory: give it more, or lower its work_mem or max_connections',
  '53300': 'the server takes no more connections: raise its max_connections, or end idle ones',
  '57014': 'it took longer than the time-out, or was cancelled: look for locks and a slow disk',
  '57P01': 'the server restarts, or an administrator ended the connection; nothing to do',
  '57P02': 'the server restarts after a crash; its log says why',
  '57P03': 'the server is starting or stopping; nothing to do unless it lasts',
  XX001: 'a table is damaged: restore the database from a backup',
  XX002: 'an index is damaged: reindex, and check the disk',
};

/** No class of them begins with E, but codes of the system do: EPIPE has five letters, too. */
const SQL_STATE_SHAPE = /^(?!E)[0-9A-Z]{5}$/;

/** The SQLSTATE of an error of the database, or null when it is none (a lost connection, say). */
export function sqlStateOf(error: unknown): string | null {
  const driverError = (error as { driverError?: unknown } | null)?.driverError ?? error;
  const code = (driverError as { code?: unknown } | null)?.code;
  return typeof code === 'string' && SQL_STATE_SHAPE.test(code) ? code : null;
}

/**
 * True when the whole transaction may simply be run again at once, on a new connection. Any other
 * state fails the run, and the next tick tries again: no error of the database says anything about
 * an event, so none of them ever makes a dead letter.
 */
export function isRetryable(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state === SQL_STATE.serializationFailure || state === SQL_STATE.deadlockDetected;
}

/** One line for the log: what happened, with the SQLSTATE where there is one, and what to do where that is known. */
export function describeDatabaseError(error: unknown): string {
  const state = sqlStateOf(error);
  const text = errorText(error);
  if (state === null) return text;
  const advice = ADVICE[state] ?? ADVICE[state.slice(0, 2)];
  return `${text} (SQLSTATE ${state}${advice === undefined ? '' : `: ${advice}`})`;
}

/** A refused connection to a name with several addresses comes as an AggregateError without text. */
function errorText(error: unknown): string {
  const { message, code, errors } = error as {
    message?: string;
    code?: string;
    errors?: unknown[];
  };
  if (message) return message;
  if (errors?.[0] !== undefined) return errorText(errors[0]);
  return code ?? String(error);
}
