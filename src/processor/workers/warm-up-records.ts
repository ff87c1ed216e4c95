import { encodeEventPayload } from '../../shared/event/event-codec.js';
import { formatRecord } from '../../staging-log/log-extents.port.js';
import type { FoldWindow } from '../fold/fold-window.js';

const USERS = 10_007;
const RECORD_BYTES = 512;
const TIMESTAMP = 1_700_000_000_000;

/**
 * Fills a window with records of every kind that the log has in numbers: with ids and without, both names, whole and
 * broken values.
 * @returns how many bytes they take
 */
export function fillWithRecords({ bytes, capacity }: FoldWindow): number {
  let length = 0;
  for (let index = 0; length + RECORD_BYTES <= capacity; index++) {
    const payload = encodeEventPayload({
      userId: `user-${(index * 7_919) % USERS}`,
      name: index % 5 === 0 ? 'subtract_revenue' : 'add_revenue',
      value: index % 8 === 0 ? (index % 9_999) / 100 : index % 1_000,
    });
    const id = index % 16 === 0 ? { id: `invoice-${index}` } : {};
    length += bytes.write(formatRecord(TIMESTAMP + index, { ...id, payload }), length);
  }
  return length;
}
