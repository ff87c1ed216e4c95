import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { PoisonedApplication } from '../support/poisoned-application.js';
import { temporaryDirectory } from '../support/running-application.js';
import { postEvents } from '../support/send-request.js';
import { useBrowser, Visit, type VisitOptions } from './visit.js';

const LONG = { userId: 'w'.repeat(255), name: 'add_revenue', value: 999_999_999_999_999 };
const browser = useBrowser();

let bench: PoisonedApplication;
beforeAll(async () => {
  const eventsFile = join(await temporaryDirectory(), 'events.jsonl');
  await writeFile(eventsFile, '');
  bench = await PoisonedApplication.create({ EVENTS_FILE: eventsFile, USER_HISTORY: 'true' });
  await postEvents(bench.url, LONG);
  await eventually(async () => (await bench.revenue(LONG.userId)) === String(LONG.value));
});
afterAll(() => bench.remove());

async function begin(options: VisitOptions = {}): Promise<Visit> {
  const visit = await Visit.begin(browser(), bench.url, options);
  await visit.sees('health-title', 'Ready');
  await visit.sees('dead-count', '3');
  return visit;
}

/** From 0, black, to 255. */
async function brightness(visit: Visit): Promise<number> {
  const color: string = await visit.page.evaluate(
    'getComputedStyle(document.documentElement).backgroundColor',
  );
  const parts = [...color.matchAll(/\d+/g)].map(Number);
  return parts.reduce((sum, part) => sum + part, 0) / parts.length;
}

describe('the page', () => {
  it.each(['light', 'dark'] as const)(
    'is %s where the system is, and the other one on demand',
    async (colorScheme) => {
      const visit = await begin({ colorScheme });
      const isDark = async (): Promise<boolean> => (await brightness(visit)) < 128;
      const pressed = (): Promise<string | null> =>
        visit.page.locator('#theme').getAttribute('aria-pressed');
      expect(await isDark()).toBe(colorScheme === 'dark');
      await visit.page.locator('#theme').click();
      expect(await isDark()).toBe(colorScheme !== 'dark');
      expect(await pressed()).toBe(String(colorScheme !== 'dark'));
      await visit.page.reload();
      expect(await isDark()).toBe(colorScheme !== 'dark');
      await visit.end();
    },
  );

  it('fits a screen of 360 pixels, the dialog, too', async () => {
    const hash = `#user=${LONG.userId}`;
    const viewport = { width: 360, height: 640 };
    const visit = await begin({ hash, viewport, hasTouch: true, isMobile: true });
    await visit.sees('user-revenue', '999,999,999,999,999');
    await visit.sees('users-rows', LONG.userId);
    const widths = (): Promise<number> =>
      visit.page.evaluate('document.documentElement.scrollWidth');
    await visit.sees('balance-sum', /since/);
    expect(await widths()).toBe(360);
    await visit.page.locator('#balance-as-table').tap();
    expect(await visit.page.locator('#balance-table').isVisible()).toBe(true);
    expect(await widths()).toBe(360);
    const buttons = visit.page.locator('#dead-list button');
    await buttons.first().waitFor();
    expect(await widths()).toBe(360);
    await buttons.last().tap(); // of the longest record
    await visit.page.locator('#letter-dialog').waitFor();
    const box = await visit.page.locator('#letter-dialog').boundingBox();
    expect(box!.x).toBeGreaterThanOrEqual(0);
    expect(box!.x + box!.width).toBeLessThanOrEqual(360);
    expect(await widths()).toBe(360);
    await visit.end();
  });

  it('is used by keyboard alone, and shows where the focus is', async () => {
    const visit = await begin();
    const { keyboard } = visit.page;
    await keyboard.press('Tab');
    expect(await visit.page.locator('.skip:focus').count()).toBe(1);
    await keyboard.press('Enter');
    expect(await visit.focus()).toBe('main');
    await visit.tabTo('generate');
    const outline = await visit.page.evaluate(
      "getComputedStyle(document.querySelector('#generate')).outlineStyle",
    );
    expect(outline).toBe('solid');
    await keyboard.press('Enter');
    await visit.sees('run-result', '0 events in');
    expect(await visit.focus()).toBe('generate');
    await visit.tabTo('search-input');
    await keyboard.type('alice');
    await keyboard.press('Enter');
    await visit.sees('user-revenue', /^100$/);
    await visit.end();
  });

  it('names what can be used, and announces what matters', async () => {
    const visit = await begin();
    await visit.page.locator('#dead-list pre').nth(2).waitFor();
    const unnamed = await visit.page
      .evaluate(`[...document.querySelectorAll('button, input, select, a')]
      .filter((element) => !(element.labels?.length || element.textContent.trim() || element.ariaLabel))
      .map(({ outerHTML }) => outerHTML)`);
    expect(unnamed).toEqual([]);
    const strange = await visit.page.evaluate(`[...document.querySelectorAll('[tabindex="0"]')]
      .filter(({ role, ariaLabel, ariaLabelledByElements }) =>
        !(role && (ariaLabel || ariaLabelledByElements?.some((each) => each.textContent.trim()))))
      .map(({ outerHTML }) => outerHTML)`);
    expect(strange).toEqual([]);
    const records = visit.page.getByRole('region', { name: /^The record at offset \d+$/ });
    expect(await records.count()).toBe(3);
    expect(await visit.page.locator('[role=status] #health-title').count()).toBe(1);
    expect(await visit.page.locator('#tiles[role=status], #tiles [role=status]').count()).toBe(0);
    await visit.end();
  });

  it('tells of the plots to those who do not see them, and does not speak up each second', async () => {
    const visit = await begin();
    const rates = /^Events per second accepted [\d,]+ to [\d,]+, loaded [\d,]+ to [\d,]+, since \d/;
    await visit.page.getByRole('img', { name: rates }).waitFor();
    await visit.page.getByRole('img', { name: /^Revenue by hour .* since / }).waitFor();
    const live = visit.page.locator('[role=status], [role=alert], [aria-live]');
    expect(await live.filter({ has: visit.page.locator('#chart-sum') }).count()).toBe(0);
    await visit.end();
  });
});
