import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { eventually } from '../support/eventually.js';
import { RunningApplication, temporaryDirectory } from '../support/running-application.js';
import { postEvents, sendRequest } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { useBrowser, Visit } from './visit.js';

const EVIL = '<img src=x onerror=alert(1)>';
/** Of users who are not there, and of what is not kept. */
const expected = /\b40[49]\b/;
const browser = useBrowser();

let database: TestDatabase;
let application: RunningApplication;
beforeAll(async () => {
  database = await createTestDatabase();
  const eventsFile = join(await temporaryDirectory(), 'events.jsonl');
  const event = { userId: 'of-the-file', name: 'add_revenue', value: 1234567.25 };
  await writeFile(eventsFile, `${JSON.stringify(event)}\nno event\n`);
  const env = { EVENTS_FILE: eventsFile };
  application = await RunningApplication.start({ databaseUrl: database.url, env });
});
afterAll(() => database.drop());

const send = async (userId: string, value: number): Promise<void> => {
  const event = { userId, name: 'add_revenue', value };
  expect((await postEvents(application.serverUrl, event)).status).toBe(202);
  await eventually(async () => {
    const path = `/users?userId=${encodeURIComponent(userId)}`;
    return (await sendRequest(application.serverUrl, path)).status === 200;
  });
};

/** Holds the next such request; the network loses it when the test says so. */
async function holdNext(page: Page, url: string): Promise<() => Promise<void>> {
  let lose = (): void => undefined;
  const lost = new Promise<void>((resolve) => (lose = resolve));
  const asked = page.waitForRequest(url);
  const hold = async (): Promise<void> => {
    await asked;
    const failed = page.waitForEvent('requestfailed');
    lose();
    await failed;
    await page.evaluate("fetch('status').then((answer) => answer.text())"); // it has heard of it
  };
  await page.route(url, (route) => lost.then(() => route.abort()), { times: 1 });
  return hold;
}

describe('the page', () => {
  it('generates events, says what became of them, and shows the balance', async () => {
    const visit = await Visit.begin(browser(), application.clientUrl);
    await visit.sees('health-title', 'Ready');
    await visit.page.locator('#generate').click();
    await visit.sees('run-result', /2 events in .*: 1 accepted, 0 duplicates, 1 invalid\./);
    await visit.page.locator('#run-invalid summary').click();
    await visit.sees('run-invalid-rows', /2not valid JSON.*INVALID_JSON/);
    await visit.sees('users-rows', 'of-the-file');
    await visit.sees('users-rows', '1,234,567.25');
    await visit.sees('loads-rows', /1/);
    await visit.sees('loaded-more', '1 in all');
    await visit.sees('revenue-sum', /^1,234,567\.25 since /);
    await visit.end();
  });

  it('finds a user by id, and by what it begins with', async () => {
    await send('search-a', 1);
    await send('search-b', 2.5);
    await send('search', 3);
    const visit = await Visit.begin(browser(), application.serverUrl, { expected });
    const { page } = visit;
    await page.locator('#search-input').fill('search-b');
    await page.keyboard.press('Enter');
    await visit.sees('user-revenue', /^2\.5$/);
    await visit.sees('user-more', /^changed /);
    expect(new URL(page.url()).hash).toBe('#user=search-b');
    await page.locator('#search-input').fill('search');
    await page.locator('#search-list').click();
    await visit.sees('users-caption', 'Users whose ids begin with “search”');
    expect(await page.locator('#users-rows th').allTextContents()).toEqual([
      ...['search', 'search-a', 'search-b'],
    ]);
    await page.locator('#search-input').fill('nobody');
    await page.keyboard.press('Enter');
    await visit.sees('user-more', 'No event of this user has been loaded.');
    await visit.end();
  });

  it('shows a user by address, and their balance when it changes', async () => {
    await send('o’brien & söhne', 10);
    const hash = `#user=${encodeURIComponent('o’brien & söhne')}`;
    const visit = await Visit.begin(browser(), application.serverUrl, { hash, expected });
    await visit.sees('user-id', 'o’brien & söhne');
    await visit.sees('user-revenue', /^10$/);
    await send('o’brien & söhne', 5);
    await visit.sees('user-revenue', /^15$/);
    await visit.end();
  });

  it('keeps what is wanted by now when what was wanted before fails late', async () => {
    await send('late-a', 1);
    await send('late-b', 2);
    const visit = await Visit.begin(browser(), application.serverUrl, { expected: /ERR_|40[49]/ });
    const { page } = visit;
    const search = page.locator('#search-input');
    const loseUser = await holdNext(page, '**/users?userId=late-a');
    await search.fill('late-a');
    await page.keyboard.press('Enter');
    await search.fill('late-b');
    await page.keyboard.press('Enter');
    await visit.sees('user-revenue', /^2$/);
    await loseUser();
    expect(await page.locator('#user').isVisible()).toBe(true);
    const loseList = await holdNext(page, '**/users?limit=20&after=late-a');
    await search.fill('late-a');
    await page.locator('#search-list').click();
    await search.fill('late-b');
    await page.locator('#search-list').click();
    await visit.sees('users-caption', 'Users whose ids begin with “late-b”');
    await loseList();
    expect(await page.locator('#users-rows th').allTextContents()).toEqual(['late-b']);
    expect(await visit.text('users-note')).toBe('');
    await visit.end();
  });

  it('pages through all users', async () => {
    const events = Array.from({ length: 30 }, (_, n) => ({
      ...{ userId: `page-${String(n).padStart(2, '0')}`, name: 'add_revenue', value: 1 },
    }));
    await postEvents(application.serverUrl, events);
    await send('page-99', 1);
    const visit = await Visit.begin(browser(), application.serverUrl, { expected });
    await visit.page.locator('#search-input').fill('page-');
    await visit.page.locator('#search-list').click();
    await visit.sees('users-rows', 'page-19');
    await visit.page.locator('#users-next').click();
    await visit.sees('users-rows', 'page-99');
    expect(await visit.page.locator('#users-rows tr').count()).toBe(11);
    await visit.page.locator('#users-top').click();
    await visit.sees('users-caption', 'Highest balances');
    await visit.end();
  });

  it('shows an id that looks like HTML as the text that it is', async () => {
    await send(EVIL, 999_999_999);
    const hash = `#user=${encodeURIComponent(EVIL)}`;
    const visit = await Visit.begin(browser(), application.serverUrl, { hash, expected });
    await visit.sees('user-id', EVIL);
    await visit.page.locator('#search-input').fill('<img');
    await visit.page.locator('#search-list').click();
    await visit.sees('users-rows', EVIL);
    expect(await visit.page.locator('main img').count()).toBe(0);
    await visit.end();
  });
});
