import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { RunningApplication } from '../support/running-application.js';
import { sendRequest } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { useBrowser, Visit } from './visit.js';

const BYTES_MAX = 150_000;
const browser = useBrowser();

let database: TestDatabase;
let application: RunningApplication;
beforeAll(async () => {
  database = await createTestDatabase();
  application = await RunningApplication.start({ databaseUrl: database.url });
});
afterAll(() => database.drop());

it('the page and all its files are less than 150 kB', async () => {
  const visit = await Visit.begin(browser(), application.serverUrl);
  await visit.sees('health-title', 'Ready');
  await eventually(() =>
    visit.page.evaluate("performance.getEntriesByName('first-contentful-paint').length > 0"),
  );
  const painted: number = await visit.page.evaluate(
    "performance.getEntriesByName('first-contentful-paint')[0].startTime",
  );
  const interactive: number = await visit.page.evaluate(
    "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd",
  );
  await visit.end();
  const paths = visit.urls.map((url) => new URL(url).pathname);
  const files = paths.filter((path) => path === '/' || path.startsWith('/dashboard/'));
  let bytes = 0;
  for (const path of files) {
    const { headers } = await sendRequest(application.serverUrl, path);
    bytes += Number(headers['content-length']);
  }
  const times = `painted after ${Math.round(painted)} ms, interactive after ${Math.round(interactive)} ms`;
  console.info(`${files.length} files, ${bytes} bytes; ${times}`);
  expect(files.length).toBeGreaterThan(15);
  expect(bytes).toBeGreaterThan(50_000);
  expect(bytes).toBeLessThan(BYTES_MAX);
});
