import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningApplication } from '../support/running-application.js';
import { eventually } from '../support/eventually.js';
import { postEvents, sendRequest } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { useBrowser, Visit } from './visit.js';

const HOUR_MS = 3_600_000;
/** Hours ago, far enough from the ends of what is asked for, and what was earned then. */
const PAST = [
  { hoursAgo: 2, name: 'add_revenue', value: 1234.5 },
  { hoursAgo: 3, name: 'subtract_revenue', value: 200.25 },
  { hoursAgo: 30, name: 'add_revenue', value: 1000 },
  { hoursAgo: 240, name: 'add_revenue', value: 0.125 },
];
const browser = useBrowser();

let database: TestDatabase;
let application: RunningApplication;
beforeAll(async () => {
  database = await createTestDatabase();
  const first = await RunningApplication.start({ databaseUrl: database.url });
  await first.stop();
  const { dataDir } = first;
  const lines = PAST.map(({ hoursAgo, name, value }) => {
    const timestamp = Date.now() - hoursAgo * HOUR_MS;
    return `${JSON.stringify({ timestamp, userId: 'past', name, value })}\n`;
  });
  await appendFile(join(dataDir, 'staging', `${'0'.repeat(20)}.jsonl`), lines.reverse().join(''));
  application = await RunningApplication.start({ databaseUrl: database.url, dataDir });
  await eventually(async () => {
    const { status } = await sendRequest(application.serverUrl, '/users?userId=past');
    return status === 200;
  });
});
afterAll(() => database.drop());

const asked = (visit: Visit): string[] =>
  visit.urls.filter((url) => new URL(url).pathname === '/revenue');

async function begin(): Promise<Visit> {
  const visit = await Visit.begin(browser(), application.serverUrl, { timezoneId: 'Asia/Kolkata' });
  await visit.sees('users-rows', 'past');
  await visit.sees('revenue-sum', /since/);
  return visit;
}

describe('revenue over time', () => {
  it('is plotted by hour and by day, with its exact sum', async () => {
    const visit = await begin();
    await visit.page.locator('#revenue-range [data-range="48h"]').click();
    await visit.sees('revenue-sum', /^2,034\.25 since \w+ \d+, \d\d:30$/);
    const [earned, lost] = await visit.painted('revenue-chart');
    expect(earned).toBeGreaterThan(50);
    expect(lost).toBeGreaterThan(10);
    await visit.page.locator('#revenue-range [data-range="30d"]').click();
    await visit.sees('revenue-title', 'Revenue by day (UTC)');
    await visit.sees('revenue-sum', /^2,034\.375 since \w+ \d+$/);
    await visit.page.locator('#revenue-range [data-range="24h"]').click();
    await visit.sees('revenue-title', 'Revenue by hour');
    await visit.sees('revenue-sum', /^1,034\.25 since /);
    await visit.page.locator('#revenue-chart .u-over').hover();
    await visit.sees('revenue-readout', /^\w+ \d+, \d\d:30: /);
    await visit.end();
  });

  it('is a table for those who do not see the plot, by keyboard alone', async () => {
    const visit = await begin();
    const rows = visit.page.locator('#revenue-rows tr');
    await visit.tabTo('revenue-as-table');
    await visit.page.keyboard.press('Enter');
    expect(await visit.page.locator('#revenue-chart').isVisible()).toBe(false);
    await visit.tabTo('revenue-table');
    expect(await rows.count()).toBe(24);
    expect(await rows.first().textContent()).toContain(', so far');
    const cells = await rows.locator('td').allTextContents();
    expect(cells.filter((cell) => cell !== '0.00').sort()).toEqual(['-200.25', '1,234.50']);
    await visit.page.keyboard.press('Shift+Tab');
    await visit.page.keyboard.press('Space');
    expect(await visit.page.locator('#revenue-chart').isVisible()).toBe(true);
    await visit.end();
  });

  it('is asked for once at the start, and not with each load', async () => {
    const visit = await begin();
    for (let load = 1; load <= 3; load++) {
      const event = { userId: `load-${load}`, name: 'add_revenue', value: 0 };
      await postEvents(application.serverUrl, event);
      await visit.sees('loaded-more', `${PAST.length + load} in all`);
    }
    expect(asked(visit)).toHaveLength(1);
    await visit.end();
  });

  it('that a proxy does not pass on is told as such, and read again', async () => {
    const visit = await Visit.begin(browser(), application.serverUrl, { expected: /\b404\b/ });
    await visit.sees('revenue-sum', /since/);
    await visit.page.route('**/revenue?*', (route) => route.fulfill({ status: 404, body: 'no' }));
    await visit.page.locator('#revenue-range [data-range="48h"]').click();
    await visit.sees('revenue-note', '404 Not Found');
    expect(await visit.text('revenue-sum')).toBe('');
    expect(await visit.page.locator('#revenue-chart').isVisible()).toBe(false);
    await visit.page.unroute('**/revenue?*');
    await visit.sees('revenue-sum', /^2,034\.25 since /);
    expect(await visit.text('revenue-note')).toBe('');
    await visit.end();
  });
});

it('a table that is not made yet is told with the remedy, and plotted once it is there', async () => {
  const empty = await createTestDatabase();
  const env = { MIGRATIONS_RUN: 'false' };
  const young = await RunningApplication.start({ databaseUrl: empty.url, env });
  const visit = await Visit.begin(browser(), young.serverUrl, { expected: /\b503\b/ });
  await visit.sees('revenue-note', 'call GET /createTable (TABLE_MISSING)');
  await sendRequest(young.serverUrl, '/createTable');
  await visit.sees('revenue-sum', /^0 since /);
  await visit.end();
  await young.stop();
  await empty.drop();
});
