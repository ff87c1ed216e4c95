import { BOUNDS } from './door-model.mjs';

/** An answer, or the log, is not what the model says. */
export class Violation extends Error {}

const demand = (held, message) => {
  if (!held) throw new Violation(message);
};
const isCount = (number) => Number.isSafeInteger(number) && number >= 0;

/**
 * Holds an answer to what its request deserved.
 * @param answer `status`, `headers` (lower case), `body` (text)
 * @returns `accepted` (records of it in the log), `taken` (its events that are there now, duplicates included) and
 *   `reused` (those whose id is there with other content) and `maybe` (what the answer leaves open)
 * @throws Violation
 */
export function checkAnswer(answer, expectation) {
  const body = checkShape(answer);
  if (expectation.refusal !== undefined) return checkRefusal(answer, body, expectation.refusal);
  const { mayBe, stop = [] } = expectation;
  const ofTheWhole = [mayBe, ...stop].includes(body.code) && answer.status >= 400;
  if (!ofTheWhole) return checkItems(answer, body, expectation);
  demand((body.accepted ?? 0) === 0, `${body.accepted} accepted beside ${body.code}`);
  return { accepted: 0, taken: [], reused: [], maybe: [] };
}

/** The documented form, whatever was sent. @returns the body */
export function checkShape({ status, headers, body: text }) {
  demand(status >= 200 && status < 500, `status ${status}`);
  let body;
  try {
    body = JSON.parse(text);
  } catch {
    throw new Violation('the answer is no JSON');
  }
  const type = headers.get('content-type') ?? '';
  if (status < 400) {
    demand(status === 202 || status === 207, `status ${status}`);
    demand(/^application\/json\b/.test(type), `it is called ${type}`);
    demand(
      Object.keys(body).every((key) => RESULT_KEYS.has(key)),
      'unknown members',
    );
    checkCounts(body, status === 207);
    demand(
      (body.stopped === undefined) === (body.read === undefined),
      'read and stopped belong together',
    );
    return body;
  }
  demand(/^application\/problem\+json\b/.test(type), `a problem is called ${type}`);
  demand(body.status === status, `the problem says ${body.status}`);
  demand(/^[A-Z][A-Z0-9_]+$/.test(body.code), `the code is ${body.code}`);
  for (const key of ['type', 'title', 'detail']) demand(typeof body[key] === 'string', `no ${key}`);
  if (status === 429) demand(Number(headers.get('retry-after')) > 0, 'no Retry-After');
  if (body.accepted !== undefined) checkCounts(body, true);
  return body;
}

const RESULT_KEYS = new Set([
  'accepted',
  'duplicates',
  'rejected',
  'rejectedTotal',
  'read',
  'stopped',
]);

function checkCounts({ accepted, duplicates, rejected, rejectedTotal }, withTotal) {
  demand(isCount(accepted) && isCount(duplicates) && Array.isArray(rejected), 'no counts');
  for (const { index, code, message } of rejected) {
    demand(
      isCount(index) && typeof code === 'string' && typeof message === 'string',
      'a rejection',
    );
  }
  const ascending = rejected.every(({ index }, i) => i === 0 || index > rejected[i - 1].index);
  demand(ascending, 'the rejections are not in their order');
  if (!withTotal) return demand(rejected.length === 0, 'a rejection beside 202');
  const named = Math.min(rejectedTotal, BOUNDS.REJECTED_ITEMS_MAX);
  demand(rejected.length === named, `${rejected.length} of ${rejectedTotal} rejections are named`);
}

/** @param refused `status` and `codes`; `or`: another of the kind */
function checkRefusal({ status }, body, refused) {
  const { status: expected, codes } = refused.or?.status === status ? refused.or : refused;
  demand(status === expected, `status ${status} ${body.code}, not ${expected} ${codes}`);
  demand(codes.includes(body.code), `code ${body.code}, not ${codes}`);
  demand((body.accepted ?? 0) + (body.duplicates ?? 0) === 0, 'something of it was taken');
  return { accepted: 0, taken: [], reused: [], maybe: [] };
}

function checkItems({ status }, body, expectation) {
  const { accepted, duplicates, rejected, rejectedTotal = 0, read, stopped } = body;
  demand(rejected !== undefined, `the whole is refused: ${status} ${body.code}`);
  if (stopped !== undefined) {
    demand(expectation.stop?.includes(stopped.code), `stopped by ${stopped.code}`);
    demand(isCount(read) && read <= expectation.items.length, `${read} read`);
    demand(accepted + duplicates > 0, 'stopped, and yet nothing was taken');
  } else demand(expectation.stop === undefined, 'not stopped');
  const items = stopped === undefined ? expectation.items : expectation.items.slice(0, read);
  demand(accepted + duplicates + rejectedTotal === items.length, 'counts that do not add up');
  const sorted = sortItems(items, rejected, rejectedTotal);
  const withId = sorted.taken.filter(({ id }) => id !== null).length + sorted.maybe.length;
  demand(duplicates <= withId, `${duplicates} duplicates, although ${withId} have an id`);
  const expected =
    rejectedTotal === 0 && stopped === undefined ? 202 : accepted + duplicates > 0 ? 207 : 400;
  demand(status === expected, `status ${status}, not ${expected}`);
  if (status === 400) checkCodeOfAll(body, expectation);
  return { accepted, ...sorted };
}

/** One event has its own code; of several, one alone may have either. */
function checkCodeOfAll({ code, rejected, rejectedTotal }, { several = false }) {
  const own = rejectedTotal === 1 ? [rejected[0]?.code] : [];
  const codes = several ? ['ALL_REJECTED', ...own] : own;
  demand(codes.includes(code), `code ${code}, not ${codes}`);
}

/** Compares each item with what was said of it. Behind the last rejection that is named, an item with an id may be either. */
function sortItems(items, rejected, rejectedTotal) {
  const codes = new Map(rejected.map(({ index, code }) => [index, code]));
  const last = rejectedTotal > rejected.length ? (rejected.at(-1)?.index ?? -1) : Infinity;
  const sorted = { taken: [], reused: [], maybe: [] };
  let unnamed = rejectedTotal - rejected.length;
  for (const [index, item] of items.entries()) {
    const code = codes.get(index);
    codes.delete(index);
    const refused = item.code !== undefined;
    if (index > last) {
      if (refused) unnamed -= 1;
      else if (item.id !== null || item.mayBe !== undefined) sorted.maybe.push(item);
      else sorted.taken.push(item);
    } else if (code === undefined) {
      demand(!refused, `item ${index} is taken, not ${item.code}`);
      sorted.taken.push(item);
    } else if (code === 'ID_REUSED' && !refused && item.id !== null) sorted.reused.push(item);
    else
      demand(
        [item.code, item.mayBe].includes(code),
        `item ${index}: ${code}, not ${item.code ?? 'taken'}`,
      );
  }
  demand(codes.size === 0, `rejections of items that there were not: ${[...codes.keys()]}`);
  demand(unnamed >= 0 && unnamed <= sorted.maybe.length, 'more or fewer rejections than bad items');
  return sorted;
}
