import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PoisonedApplication } from '../support/poisoned-application.js';
import { RunningApplication } from '../support/running-application.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { useBrowser, Visit, type VisitOptions } from './visit.js';

/** WCAG 2 AA, for text of any size. */
const CONTRAST_MIN = 4.5;
const SCHEMES = ['light', 'dark'] as const;
const browser = useBrowser();

interface Contrast {
  readonly count: number;
  readonly least: { readonly ratio: number; readonly of: string; readonly text: string };
}

let database: TestDatabase;
let bench: PoisonedApplication;
let script: string;
beforeAll(async () => {
  script = await readFile(join(import.meta.dirname, 'text-contrast.js'), 'utf8');
  database = await createTestDatabase();
  bench = await PoisonedApplication.create({ USER_HISTORY: 'true' });
});
afterAll(async () => {
  await bench.remove();
  await database.drop();
});

async function expectReadable(visit: Visit, when: string): Promise<void> {
  const { count, least }: Contrast = await visit.page.evaluate(script);
  console.info(`${when}: ${count} texts, least contrast ${least.ratio.toFixed(2)} (${least.of})`);
  expect(count).toBeGreaterThan(30);
  expect(least.ratio < CONTRAST_MIN ? least : null).toBeNull();
}

const begin = (url: string, options: VisitOptions): Promise<Visit> =>
  Visit.begin(browser(), url, options);

describe.each(SCHEMES)('all texts of the %s page have enough contrast', (colorScheme) => {
  it('when all is well, in its dialog, and when the connection is lost', async () => {
    const hash = '#user=alice';
    const visit = await begin(bench.url, { colorScheme, hash, expected: /ERR_|\b400\b/ });
    await visit.sees('dead-count', '3');
    await visit.sees('user-revenue', '100');
    await visit.sees('revenue-sum', /since/);
    await visit.page.locator('#revenue-as-table').click();
    await visit.sees('balance-sum', /since/);
    await visit.page.locator('#balance-as-table').click();
    await expectReadable(visit, `${colorScheme}, ready`);
    await visit.page.locator('#dead-list button').first().click();
    await visit.page.locator('#letter-value').fill('-1');
    await visit.page.locator('#letter-send').click();
    await visit.sees('letter-error', 'VALUE_NEGATIVE');
    await expectReadable(visit, `${colorScheme}, dialog with an error`);
    await visit.page.keyboard.press('Escape');
    await bench.application.kill();
    await visit.sees('connection', 'connection lost');
    await expectReadable(visit, `${colorScheme}, connection lost`);
    await visit.end();
    await bench.start();
  });

  it('when events are refused, and when the database is away', async () => {
    const env = { DISK_FREE_BYTES_MIN: '999999999999999' };
    const full = await RunningApplication.start({ databaseUrl: database.url, env });
    const visit = await begin(full.serverUrl, { colorScheme });
    await visit.sees('health-title', 'Not accepting events');
    await expectReadable(visit, `${colorScheme}, not accepting`);
    await visit.end();
    await full.stop();
    const cut = await RunningApplication.start({ databaseUrl: 'postgres://x@127.0.0.1:1/x' });
    const other = await begin(cut.serverUrl, { colorScheme, expected: /\b503\b/ });
    await other.sees('health-title', 'Accepting, but balances are not current');
    await other.sees('revenue-note', 'DATABASE_AWAY');
    await expectReadable(other, `${colorScheme}, degraded`);
    await other.end();
    await cut.stop();
  });
});

it('nothing moves for those who want less motion', async () => {
  const visit = await begin(bench.url, { reducedMotion: 'reduce', hash: '#user=alice' });
  await visit.sees('dead-count', '3');
  const moving: string[] = await visit.page.evaluate(`[...document.querySelectorAll('*')]
    .filter((element) => {
      const { transitionDuration, animationName, scrollBehavior } = getComputedStyle(element);
      return transitionDuration !== '0s' || animationName !== 'none' || scrollBehavior !== 'auto';
    })
    .map(({ tagName, id }) => tagName + '#' + id)`);
  expect(moving).toEqual([]);
  expect(await visit.page.evaluate('document.getAnimations().length')).toBe(0);
  await visit.end();
});
