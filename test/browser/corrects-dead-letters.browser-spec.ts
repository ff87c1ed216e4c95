import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PoisonedApplication } from '../support/poisoned-application.js';
import { queryDatabase } from '../support/query-database.js';
import { postEvents } from '../support/send-request.js';
import { useBrowser, Visit } from './visit.js';

const browser = useBrowser();

let bench: PoisonedApplication;
beforeAll(async () => {
  bench = await PoisonedApplication.create();
});
afterAll(() => bench.remove());

describe('a dead letter', () => {
  it('is shown with its reason and its text, corrected, and then in the balance', async () => {
    const hash = '#user=alice';
    const visit = await Visit.begin(browser(), bench.url, { hash, expected: /\b40[09]\b/ });
    const { page } = visit;
    await visit.sees('dead-count', '3');
    await visit.sees('user-revenue', /^100$/);
    const letter = page.locator('#dead-list li').first();
    expect(await letter.textContent()).toContain('VALUE_NOT_A_NUMBER');
    expect(await letter.locator('pre').textContent()).toContain('"value":"432"');
    await letter.getByRole('button').click();
    expect(await page.locator('#letter-user').inputValue()).toBe('alice');
    expect(await page.locator('#letter-name').inputValue()).toBe('add_revenue');
    expect(await page.locator('#letter-value').inputValue()).toBe('432');
    await page.locator('#letter-value').fill('-1');
    await page.locator('#letter-send').click();
    await visit.sees('letter-error', 'VALUE_NEGATIVE');
    await page.locator('#letter-value').fill('four');
    await page.locator('#letter-send').click();
    await visit.sees('letter-error', 'VALUE_NOT_A_NUMBER');
    await page.locator('#letter-value').fill('432');
    await page.locator('#letter-send').click();
    await visit.sees('dead-sent', 'On its way');
    expect(await page.locator('#letter-dialog').isVisible()).toBe(false);
    await visit.sees('user-revenue', /^532$/);
    await visit.sees('dead-count', '2');
    await visit.end();
    expect(await bench.revenue()).toBe('532');
  });

  it('that is no JSON leaves the fields empty, and a long one is cut', async () => {
    const visit = await Visit.begin(browser(), bench.url);
    const items = visit.page.locator('#dead-list li');
    await items.nth(1).waitFor();
    await items.filter({ hasText: 'not an event' }).getByRole('button').click();
    expect(await visit.page.locator('#letter-user').inputValue()).toBe('');
    await visit.page.keyboard.press('Escape');
    const longest = await items.last().locator('pre').textContent();
    expect(longest!.length).toBeLessThan(2_100);
    await visit.end();
  });

  it('is left alone when the dialog is closed, and the focus goes back to its button', async () => {
    const visit = await Visit.begin(browser(), bench.url);
    const letter = visit.page.locator('#dead-list li').first();
    const button = letter.getByRole('button');
    await button.focus();
    await visit.page.keyboard.press('Enter');
    await visit.page.locator('#letter-dialog').waitFor();
    await visit.page.keyboard.press('Escape');
    await visit.page.locator('#letter-dialog').waitFor({ state: 'hidden' });
    expect(await letter.locator('button:focus').count()).toBe(1);
    await visit.end();
    expect(await bench.list('?state=open')).toHaveLength(2);
  });

  it('is looked at without closing the user who is open', async () => {
    const visit = await Visit.begin(browser(), bench.url, { hash: '#user=alice', expected: /409/ });
    const before = Number(await bench.revenue());
    await visit.sees('user-revenue', new RegExp(`^${before}$`));
    await visit.page.locator('#dead-show').click();
    expect(await visit.focus()).toBe('dead-letters');
    await visit.page.locator('.skip').press('Enter');
    expect(new URL(visit.page.url()).hash).toBe('#main');
    await postEvents(bench.url, { userId: 'alice', name: 'add_revenue', value: 1 });
    await visit.sees('user-revenue', new RegExp(`^${before + 1}$`));
    await visit.page.locator('#user-close').click();
    await visit.page.locator('#user').waitFor({ state: 'hidden' });
    await visit.end();
  });

  it('that is a damaged range says which command takes it in once it is restored', async () => {
    await queryDatabase(
      bench.database.url,
      `insert into dead_letters (log_id, "offset", length, bytes, code, message)
       values (gen_random_uuid(), 4711, 65536, '', 'BLOCK_CORRUPT', 'because')`,
    );
    const visit = await Visit.begin(browser(), bench.url);
    const item = visit.page.locator('#dead-list li', { hasText: 'BLOCK_CORRUPT' });
    const command = 'npm run log -- reload --from 4711 --to 70247';
    await item.locator('code', { hasText: command }).waitFor();
    expect(await item.getByRole('button').count()).toBe(0);
    await visit.end();
  });
});
