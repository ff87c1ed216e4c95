import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PoisonedApplication } from '../support/poisoned-application.js';
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
});
