import type { DeltaPage } from '../../revenue/revenue.port.js';
import { encodeDeltas, endOfPage } from './encode-deltas.js';
import { encodeUserHours, endOfUser } from './encode-user-hours.js';
import type { Fold } from './fold-records.js';

/**
 * The page that begins at a place of the order, and the place behind it. Null at the end. By hour, all hours of its last
 * user are in it.
 */
export function encodePage(
  { table, byHour }: Pick<Fold, 'table' | 'byHour'>,
  order: Int32Array,
  place: { readonly from: number; readonly usersMax: number },
): { readonly page: DeltaPage; readonly next: number } | null {
  const end = endOfPage(table, order, place);
  if (end === place.from) return null;
  if (!byHour) return { page: encodeDeltas(table, order.subarray(place.from, end)), next: end };
  const next = endOfUser(table, order, end);
  return { page: encodeUserHours(table, order.subarray(place.from, next)), next };
}
