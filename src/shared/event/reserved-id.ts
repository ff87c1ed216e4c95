/** Ids that begin so are made by this system alone, for corrected events; ingest refuses them from senders. */
export const RESERVED_ID_PREFIX = 'dead-letter:';

/** Whether only this system may send it. */
export const isReservedId = (id: string): boolean => id.startsWith(RESERVED_ID_PREFIX);

/** A dead letter, by what stays the same whatever becomes of the database. */
export interface DeadLetterPlace {
  readonly logId: string;
  /** Of the record that became a dead letter. */
  readonly offset: number;
}

const CORRECTION_ID =
  /^dead-letter:([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}):(0|[1-9]\d{0,15})$/;

/** The id under which the corrected event of a dead letter is sent: the same one each time. */
export const correctionId = ({ logId, offset }: DeadLetterPlace): string =>
  `${RESERVED_ID_PREFIX}${logId}:${offset}`;

/** The dead letter that a record with this id corrects, or null for the id of any other record. */
export function parseCorrectionId(id: string): DeadLetterPlace | null {
  const [, logId, digits] = CORRECTION_ID.exec(id) ?? [];
  const offset = Number(digits);
  return logId === undefined || !Number.isSafeInteger(offset) ? null : { logId, offset };
}
