/** SQLSTATEs that this system decides by, with PostgreSQL's names for them. */
export const SQL_STATE = {
  serializationFailure: '40001',
  deadlockDetected: '40P01',
  undefinedTable: '42P01',
} as const;

const SQL_STATE_SHAPE = /^[0-9A-Z]{5}$/;

/** The SQLSTATE of an error of the database, or null when it is none (a lost connection, say). */
export function sqlStateOf(error: unknown): string | null {
  const driverError = (error as { driverError?: unknown } | null)?.driverError ?? error;
  const code = (driverError as { code?: unknown } | null)?.code;
  return typeof code === 'string' && SQL_STATE_SHAPE.test(code) ? code : null;
}

/** True when the whole transaction may simply be run again, on a new connection. */
export function isRetryable(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state === SQL_STATE.serializationFailure || state === SQL_STATE.deadlockDetected;
}

/** One line for the log: what happened, with the SQLSTATE where there is one. */
export function describeDatabaseError(error: unknown): string {
  const state = sqlStateOf(error);
  const text = errorText(error);
  return state === null ? text : `${text} (SQLSTATE ${state})`;
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
