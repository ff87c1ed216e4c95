import { sendRequest } from './send-request.js';

/** Event lines with values in cents, so that whole numbers tell what their sum must be. */
export interface GeneratedEvents {
  readonly lines: readonly string[];
  /** In cents, by user. */
  readonly cents: ReadonlyMap<string, bigint>;
}

const ODD_USERS = [
  '__proto__',
  'hasOwnProperty',
  'toString',
  "o'brien",
  'Ünïcödé 👩‍🚀',
  'x'.repeat(255),
];

/** Events of a few thousand users; among them users whose names are traps, and lines that repeat. */
export function generateEvents(count: number, random: () => number): GeneratedEvents {
  const lines: string[] = [];
  const cents = new Map<string, bigint>();
  for (let i = 0; i < count; i++) {
    const pick = Math.floor(random() * 5_000);
    const userId = ODD_USERS[pick] ?? `user-${pick}`;
    const amount = Math.floor(random() * 10_000);
    const adds = random() < 0.6;
    const name = adds ? 'add_revenue' : 'subtract_revenue';
    lines.push(JSON.stringify({ userId, name, value: amount / 100 }));
    cents.set(userId, (cents.get(userId) ?? 0n) + BigInt(adds ? amount : -amount));
  }
  return { lines, cents };
}

/** All balances that the application answers with, in cents. @throws for a finer balance. */
export async function readBalances(serverUrl: string): Promise<Map<string, bigint>> {
  const balances = new Map<string, bigint>();
  for (let after: string | null = null; ;) {
    const from = after === null ? '' : `&after=${encodeURIComponent(after)}`;
    const { json } = await sendRequest(serverUrl, `/users?limit=1000${from}`);
    for (const { userId, revenue } of json.users as { userId: string; revenue: string }[]) {
      balances.set(userId, toCents(revenue));
    }
    after = json.next as string | null;
    if (after === null) return balances;
  }
}

function toCents(decimal: string): bigint {
  const [whole = '', fraction = ''] = decimal.split('.');
  if (fraction.length > 2) throw new Error(`${decimal} is finer than a cent`);
  return BigInt(whole + fraction.padEnd(2, '0'));
}
