import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningApplication } from '../support/running-application.js';
import { postEvents } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { useBrowser, Visit } from './visit.js';

const KEYS = { read: 'k-read-8c1', all: 'k-all-8c1', ingest: 'k-ingest-8c1', wrong: 'k-wrong-8c1' };
const REFUSED = /\b(401|403)\b/;
const browser = useBrowser();

let database: TestDatabase;
let application: RunningApplication;
beforeAll(async () => {
  database = await createTestDatabase();
  const env = {
    API_KEYS: `grafana:${KEYS.read}:read,ops:${KEYS.all},shop:${KEYS.ingest}:ingest`,
  };
  application = await RunningApplication.start({ databaseUrl: database.url, env });
});
afterAll(() => database.drop());

const begin = (): Promise<Visit> =>
  Visit.begin(browser(), application.serverUrl, { expected: REFUSED });

async function give(visit: Visit, key: string): Promise<void> {
  await visit.page.locator('#key-input').fill(key);
  await visit.page.keyboard.press('Enter');
}

/** All that the page keeps beyond itself, as text. */
const kept = (visit: Visit): Promise<string> =>
  visit.page.evaluate(
    'JSON.stringify([{ ...localStorage }, document.cookie, document.body.outerHTML])',
  );

describe('an application with keys', () => {
  it('is asked with none, a wrong one and the right one, which is kept in this tab alone', async () => {
    const visit = await begin();
    await visit.sees('key-title', 'A key, please');
    await give(visit, KEYS.wrong);
    await visit.sees('key-error', 'This key is not known here.');
    await give(visit, KEYS.all);
    await visit.sees('health-title', 'Ready');
    expect(await visit.page.locator('#key-dialog').isVisible()).toBe(false);
    const session: string = await visit.page.evaluate('JSON.stringify({ ...sessionStorage })');
    expect(Object.values(JSON.parse(session) as object)).toEqual([KEYS.all]);
    for (const key of Object.values(KEYS)) expect(await kept(visit)).not.toContain(key);
    await visit.page.reload();
    await visit.sees('health-title', 'Ready');
    const other = await visit.page.context().newPage();
    await other.goto(application.serverUrl);
    await other.locator('#key-dialog').waitFor();
    for (const url of visit.urls) expect(url).not.toMatch(/k-\w+-8c1/);
    await visit.end();
  });

  it('is asked once, however many requests wait', async () => {
    const visit = await begin();
    await give(visit, KEYS.all);
    await visit.sees('health-title', 'Ready');
    await visit.page.locator('#forget-key').click();
    await visit.page.locator('#key-dialog').waitFor();
    expect(await visit.text('accepted-rate')).toBe('–');
    expect(await visit.page.evaluate('sessionStorage.length')).toBe(0);
    await give(visit, KEYS.all);
    await visit.sees('connection', 'live');
    expect(await visit.page.locator('#key-dialog').isVisible()).toBe(false);
    await visit.end();
  });

  it('takes the time that a person needs for no silence', async () => {
    const visit = await begin();
    await visit.page.locator('#key-dialog').waitFor();
    await visit.page.evaluate(`{
      const title = document.querySelector('#health-title');
      window.titles = [];
      new MutationObserver(() => titles.push(title.textContent)).observe(title, { childList: true });
    }`);
    await visit.page.waitForTimeout(9_000); // longer than a silence that is borne
    await give(visit, KEYS.all);
    await visit.sees('health-title', 'Ready');
    expect(await visit.page.evaluate('titles')).toEqual(['Ready']);
    await visit.end();
  });

  it('shows nothing of what is answered once its key is forgotten', async () => {
    const visit = await begin();
    const { page } = visit;
    await give(visit, KEYS.all);
    await visit.sees('health-title', 'Ready');
    let pass = (): void => undefined;
    const slow = new Promise<void>((resolve) => (pass = resolve));
    const asked = page.waitForRequest('**/loads?*');
    await page.route('**/loads?*', (route) => slow.then(() => route.continue()));
    const event = { userId: 'abc123', name: 'add_revenue', value: 1 };
    await postEvents(application.serverUrl, event, { Authorization: `Bearer ${KEYS.all}` });
    await asked;
    await page.locator('#forget-key').click();
    const again = page.waitForResponse((each) => each.url().includes('/loads?') && !each.ok());
    pass();
    await again;
    expect(await page.locator('#loads-rows tr').count()).toBe(0);
    await give(visit, KEYS.read);
    await visit.sees('loads-rows', /1/);
    await page.unroute('**/loads?*');
    await visit.end();
  });

  it('says which scope a key lacks', async () => {
    const visit = await begin();
    await give(visit, KEYS.read);
    await visit.sees('health-title', 'Ready');
    await visit.page.locator('#generate').click();
    await visit.sees('run-result', 'the key "grafana" lacks the scope "admin" (SCOPE_MISSING)');
    await visit.page.locator('#forget-key').click();
    await give(visit, KEYS.ingest);
    await visit.sees('health-title', 'No access');
    await visit.sees('health-text', /he key "shop" lacks the scope "read"/);
    await visit.end();
  });

  it('lets the person go on without one, and enter it later', async () => {
    const visit = await begin();
    await visit.page.locator('#key-dialog').waitFor();
    await visit.page.keyboard.press('Escape');
    await visit.sees('health-title', 'No access');
    await visit.page.locator('#enter-key').click();
    await give(visit, KEYS.read);
    await visit.sees('health-title', 'Ready');
    await visit.end();
  });
});
