import { parseArgs, type ParseArgsConfig } from 'node:util';
import { toOffset, type Offset } from '../staging-log/staging-log.port.js';

/** The arguments make no sense by themselves. */
export class UsageError extends Error {
  readonly code = 'USAGE_INVALID';
}

/** What was asked for is refused, and nothing was done. The message says why, and what to do. */
export class RefusedError extends Error {
  readonly code = 'REFUSED';
}

/** Options of a command, strictly: nothing else is taken. @throws UsageError */
export function parseOptions<T extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  options: T,
): ReturnType<typeof parseArgs<{ args: string[]; options: T }>>['values'] {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** @throws UsageError for what is no offset. */
export function parseOffset(name: string, text: string): Offset {
  if (/^\d{1,16}$/.test(text)) return toOffset(text);
  throw new UsageError(
    `--${name} takes an offset, a whole number, and not ${JSON.stringify(text)}`,
  );
}

/** Milliseconds since 1970, of such a number or of a time as ISO 8601. @throws UsageError */
export function parseTime(name: string, text: string): number {
  const time = /^\d{1,16}$/.test(text) ? Number(text) : Date.parse(text);
  if (!Number.isNaN(time) && /^\d/.test(text)) return time;
  const message = `--${name} takes a time as 2026-01-31T12:00:00Z, or milliseconds since 1970, and not`;
  throw new UsageError(`${message} ${JSON.stringify(text)}`);
}
