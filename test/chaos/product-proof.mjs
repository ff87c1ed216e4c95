import { setTimeout as sleep } from 'node:timers/promises';
import { Violation } from './stored-records.mjs';

const LOAD_MAX_MS = 120_000;
const ANSWER_MAX_MS = 60_000;
const PAUSE_MS = 50;

/** Everything that is durable is loaded. @throws Violation */
export async function untilLoaded(url) {
  for (const deadline = Date.now() + LOAD_MAX_MS; Date.now() < deadline;) {
    const { lag } = await getJson(`${url}/status`);
    if (lag.bytes === 0) return;
    await sleep(PAUSE_MS);
  }
  throw new Violation('manual', `what was sent is not loaded after ${LOAD_MAX_MS} ms`);
}

/** No outage was taken for bad data. @throws Violation */
export async function assertNoDeadLetters(url) {
  // Null is what a database says nothing of in time, which is no violation.
  for (const deadline = Date.now() + LOAD_MAX_MS; Date.now() < deadline;) {
    const { deadLetters } = await getJson(`${url}/status`);
    if (deadLetters === 0) return;
    if (deadLetters !== null) throw new Violation('wrong', `there are ${deadLetters} dead letters`);
    await sleep(PAUSE_MS);
  }
  throw new Violation('manual', `how many dead letters there are is unknown for ${LOAD_MAX_MS} ms`);
}

/** @param wanted by user, in cents @throws Violation */
export async function assertBalances(url, wanted) {
  const found = await readBalances(url);
  const users = [...new Set([...found.keys(), ...wanted.keys()])];
  const differing = users.filter((user) => found.get(user) !== wanted.get(user));
  if (differing.length === 0) return;
  const [user] = differing;
  const example = `${JSON.stringify(user)} has ${found.get(user)} cents, not ${wanted.get(user)}`;
  throw new Violation('wrong', `${differing.length} balances differ: ${example}`);
}

/** All balances, in cents. */
async function readBalances(url) {
  const balances = new Map();
  for (let after = ''; after !== null;) {
    const page = await getJson(
      `${url}/users?limit=1000${after && `&after=${encodeURIComponent(after)}`}`,
    );
    for (const { userId, revenue } of page.users) {
      const [whole, fraction = ''] = revenue.split('.');
      if (fraction.length > 2) throw new Violation('wrong', `${userId} has ${revenue}`);
      balances.set(userId, BigInt(whole + fraction.padEnd(2, '0')));
    }
    after = page.next;
  }
  return balances;
}

/** Asked again while the answer is a refusal: of the database that was killed, most often. @throws Violation */
export async function getJson(url) {
  let response = await fetch(url);
  for (const deadline = Date.now() + ANSWER_MAX_MS; !response.ok && Date.now() < deadline;) {
    await sleep(PAUSE_MS);
    response = await fetch(url);
  }
  const text = await response.text();
  if (!response.ok) throw new Violation('manual', `GET ${url}: ${response.status} ${text}`);
  return JSON.parse(text);
}
