import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { RunningApplication } from '../support/running-application.js';
import { postEvents, sendRequest } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { useBrowser, Visit, type VisitOptions } from './visit.js';

const HOUR_MS = 3_600_000;
const BEGIN = Date.now();
const ON = { USER_HISTORY: 'true' };
/** What a number cannot hold: all of it has sixteen digits and more. */
const PAST = [
  { at: BEGIN - 240 * HOUR_MS, name: 'add_revenue', value: 999_999_999_999_999 },
  { at: BEGIN - 30 * HOUR_MS, name: 'add_revenue', value: 0.1 },
  { at: BEGIN - 5 * HOUR_MS, name: 'add_revenue', value: 0.200001 },
  { at: BEGIN - 3 * HOUR_MS, name: 'subtract_revenue', value: 999_999_999_999_999 },
  { at: BEGIN - 3 * HOUR_MS, name: 'subtract_revenue', value: 7.5 },
];
const WHEN = { month: 'short', day: 'numeric', timeZone: 'UTC' } as const;
const browser = useBrowser();

const databases: TestDatabase[] = [];
afterAll(() => Promise.all(databases.map((database) => database.drop())));

/** With a staging log that took these events of one user, in the past. */
async function start(past: typeof PAST, env = {}): Promise<[RunningApplication, TestDatabase]> {
  const database = await createTestDatabase();
  databases.push(database);
  const first = await RunningApplication.start({ databaseUrl: database.url, env });
  await first.stop();
  const { dataDir } = first;
  const lines = past.map(({ at: timestamp, name, value }) => {
    return `${JSON.stringify({ timestamp, userId: 'past', name, value })}\n`;
  });
  await appendFile(join(dataDir, 'staging', `${'0'.repeat(20)}.jsonl`), lines.join(''));
  const settings = { databaseUrl: database.url, dataDir, env };
  const application = await RunningApplication.start(settings);
  await loaded(application, 'past');
  return [application, database];
}

const loaded = (application: RunningApplication, userId: string): Promise<void> =>
  eventually(async () => {
    const path = `/users?userId=${encodeURIComponent(userId)}`;
    return (await sendRequest(application.serverUrl, path)).status === 200;
  });

const begin = (
  application: RunningApplication,
  userId: string,
  options: VisitOptions = {},
): Promise<Visit> =>
  Visit.begin(browser(), application.serverUrl, {
    ...{ hash: `#user=${encodeURIComponent(userId)}`, timezoneId: 'UTC', locale: 'en-US' },
    ...options,
  });

const dayOf = (at: number): string => new Intl.DateTimeFormat('en-US', WHEN).format(at);
/** As the page says an hour. */
function hourOf(at: number): string {
  const hour = Math.floor(at / HOUR_MS) * HOUR_MS;
  return `${dayOf(hour)}, ${new Date(hour).toISOString().slice(11, 16)}`;
}

/** What the table says, the earliest first. */
async function rowsOf(visit: Visit): Promise<[when: string, balance: string][]> {
  const rows = visit.page.locator('#balance-rows tr');
  const whens = await rows.locator('th').allTextContents();
  const balances = await rows.locator('td').allTextContents();
  return whens.map((when, index): [string, string] => [when, balances[index]!]).reverse();
}
const changes = (rows: readonly [string, string][]): [string, string][] =>
  rows.filter(([, balance], index) => balance !== rows[index - 1]?.[1]);
const asked = (visit: Visit): string[] => visit.urls.filter((url) => url.includes('/history'));

describe('the balance of a user over time', () => {
  let application: RunningApplication;
  beforeAll(async () => {
    [application] = await start(PAST, ON);
  });

  it('is exact at the end of each hour and day, in a table for those who do not see the plot', async () => {
    const visit = await begin(application, 'past');
    await visit.sees('balance-sum', /^-1,000,000,000,000,006\.299999 since \w+ \d+, \d\d:00$/);
    expect((await visit.painted('balance-chart'))[0]).toBeGreaterThan(100);
    await visit.page.locator('#balance-chart .u-over').hover();
    await visit.sees('balance-readout', /^\w+ \d+, \d\d:00: [\d,.]+$/);
    await visit.tabTo('balance-as-table');
    await visit.page.keyboard.press('Enter');
    await visit.tabTo('balance-table');
    expect(await visit.page.locator('#balance-chart').isVisible()).toBe(false);
    const hours = await rowsOf(visit);
    expect(hours).toHaveLength(25);
    expect(hours.at(-1)![0]).toMatch(/, so far$/);
    expect(changes(hours)).toEqual([
      [hours[0]![0], '999,999,999,999,999.100000'],
      [hourOf(BEGIN - 4 * HOUR_MS), '999,999,999,999,999.300001'],
      [hourOf(BEGIN - 2 * HOUR_MS), '-7.199999'],
    ]);
    await visit.page.locator('#balance-range [data-range="30d"]').click();
    await visit.sees('balance-title', 'Balance by day (UTC)');
    const days = await rowsOf(visit);
    expect(days).toHaveLength(31);
    expect(days[0]![1]).toBe('0.000000');
    expect(changes(days)[1]).toEqual([dayOf(PAST[0]!.at), '999,999,999,999,999.000000']);
    expect(days.at(-1)).toEqual([`${dayOf(Date.now())}, so far`, '-7.199999']);
    expect(await visit.text('balance-note')).toBe('');
    await visit.end();
  });

  it('is read once when a user is opened, and not with each load', async () => {
    const visit = await begin(application, 'past');
    await visit.sees('balance-sum', /since/);
    for (let load = 1; load <= 3; load++) {
      await postEvents(application.serverUrl, { userId: 'live', name: 'add_revenue', value: 1 });
      await visit.sees('loaded-more', `${PAST.length + load} in all`);
    }
    expect(asked(visit)).toHaveLength(1);
    await visit.page.locator('#user-close').click();
    await visit.page.locator('#search-input').fill('live');
    await visit.page.keyboard.press('Enter');
    await visit.sees('balance-sum', /^3 since/);
    expect(asked(visit)).toHaveLength(2);
    await visit.end();
  });

  it('is that of the very user, whatever the id is made of', async () => {
    const ids = ['a/b', '../past', '%2e%2e', '%', ' ', '?#', '\\..\\', '…'];
    const events = [...ids, '.', '..'].map((userId, index) => {
      return { userId, name: 'add_revenue', value: index + 1 };
    });
    await postEvents(application.serverUrl, events);
    await loaded(application, '..');
    for (const [index, userId] of ids.entries()) {
      const visit = await begin(application, userId);
      await visit.sees('balance-sum', new RegExp(`^${index + 1} since`));
      await visit.end();
    }
    for (const userId of ['.', '..']) {
      const visit = await begin(application, userId);
      await visit.sees('balance-note', 'cannot be asked for by a browser');
      expect(asked(visit)).toEqual([]);
      await visit.end();
    }
  });
});

it('where it is not kept, says how to keep it, and later from when on it is known', async () => {
  const [off, database] = await start(PAST.slice(0, 3));
  const visit = await begin(off, 'past', { expected: /\b409\b/ });
  await visit.sees('user-revenue', /^999,999,999,999,999\.300001$/);
  await visit.sees('balance-note', /not kept: set USER_HISTORY=true and start again; .*\.$/);
  expect(await visit.page.locator('#balance-range').isVisible()).toBe(false);
  expect(await visit.text('balance-note')).not.toContain('USER_HISTORY_OFF');
  await visit.end();
  await off.stop();

  const { dataDir } = off;
  const on = await RunningApplication.start({ databaseUrl: database.url, dataDir, env: ON });
  const known = hourOf(BEGIN - 4 * HOUR_MS);
  const later = await begin(on, 'past', { expected: /\b409\b/ });
  await later.sees('balance-note', `It is known from ${known} on.`);
  await later.sees('balance-sum', `0 since ${known}`);
  const rows = await rowsOf(later);
  expect(rows.length).toBeLessThan(8);
  expect(changes(rows)).toEqual([[known, '999,999,999,999,999.300001']]);
  await later.page.locator('#balance-range [data-range="30d"]').click();
  await later.sees('balance-note', /known/i);
  await later.end();
});
