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

/**
 * Asked again while it is refused, of the database that was killed, most often; and without an answer: a connection
 * that was idle may be closed just when it is used again. @throws Violation
 */
export async function getJson(url) {
  for (const deadline = Date.now() + ANSWER_MAX_MS; ;) {
    const { status, text } = await answerOf(url);
    if (status === 200) return JSON.parse(text);
    if (Date.now() > deadline) throw new Violation('manual', `GET ${url}: ${status} ${text}`);
    await sleep(PAUSE_MS);
  }
}

async function answerOf(url) {
  try {
    const response = await fetch(url);
    return { status: response.status, text: await response.text() };
  } catch (error) {
    return { status: 'no answer', text: String(error.cause ?? error) };
  }
}
