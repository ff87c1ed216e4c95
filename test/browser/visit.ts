import { afterAll, beforeAll, expect } from '@jest/globals';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { findChromium } from './find-chromium.js';

/** What Chromium itself writes of an answer that is no success; a test says which it expects. */
const NO_SUCCESS = 'Failed to load resource';
/** Of one wait; a guard against what hangs, on slow machines, too. */
const WAIT_MS_MAX = 60_000;

export interface VisitOptions extends BrowserContextOptions {
  /** Behind the address: `#user=…`. */
  readonly hash?: string;
  /** Which answers that are no success are part of the test. */
  readonly expected?: RegExp;
}

/** A browser for the tests of a spec file. */
export function useBrowser(): () => Browser {
  let browser: Browser | null = null;
  beforeAll(async () => {
    // Chromium refuses its own sandbox to root.
    const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    browser = await chromium.launch({ executablePath: findChromium(), args });
  });
  afterAll(() => browser?.close());
  return () => browser!;
}

/** A person before the page, in a profile of their own. Remembers what must not be. */
export class Visit {
  /** Every request of the page, in order. */
  readonly urls: string[] = [];
  private readonly complaints: string[] = [];

  private constructor(
    readonly page: Page,
    private readonly origin: string,
    expected: RegExp | undefined,
  ) {
    page.setDefaultTimeout(WAIT_MS_MAX);
    page.on('request', (request) => this.urls.push(request.url()));
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('dialog', (dialog) => {
      this.complaints.push(`a dialog of a script: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('console', (message) => {
      const text = message.text();
      const isExpected = text.startsWith(NO_SUCCESS) && expected?.test(text) === true;
      if (['error', 'warning'].includes(message.type()) && !isExpected) this.complaints.push(text);
    });
  }

  static async begin(browser: Browser, url: string, options: VisitOptions = {}): Promise<Visit> {
    const { hash = '', expected, ...context } = options;
    const profile = await browser.newContext({
      viewport: { width: 1200, height: 800 },
      ...context,
    });
    const visit = new Visit(await profile.newPage(), new URL(url).origin, expected);
    await visit.page.goto(`${url}/${hash}`);
    return visit;
  }

  /** Waits until an element has a text. */
  async sees(id: string, text: string | RegExp): Promise<void> {
    await this.page.locator(`#${id}`, { hasText: text }).waitFor();
  }

  async text(id: string): Promise<string> {
    return (await this.page.locator(`#${id}`).textContent()) ?? '';
  }

  /** The id of what has the focus. */
  focus(): Promise<string> {
    return this.page.evaluate('document.activeElement.id');
  }

  /** Pixels of a plot in the colours of what was earned, and of what was lost. */
  painted(id: string): Promise<[number, number]> {
    return this.page.evaluate(`(() => {
      const page = getComputedStyle(document.documentElement);
      const canvas = document.querySelector('#${id} canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return ['--accepted', '--bad'].map((name) => {
        const hex = page.getPropertyValue(name).trim();
        const wanted = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
        let count = 0;
        for (let at = 0; at < data.length; at += 4)
          count += Number(wanted.every((part, index) => data[at + index] === part));
        return count;
      });
    })()`);
  }

  /** Presses Tab until the focus is there. @throws when it does not get there. */
  async tabTo(id: string): Promise<void> {
    for (let press = 0; press < 100; press++) {
      await this.page.keyboard.press('Tab');
      if ((await this.focus()) === id) return;
    }
    throw new Error(`Tab does not reach #${id}`);
  }

  /** Ends the visit. @throws when a script failed, the policy was broken, or anybody else was asked. */
  async end(): Promise<void> {
    await this.page.context().close();
    expect(this.complaints).toEqual([]);
    expect(this.urls.length).toBeGreaterThan(0);
    expect(this.urls.filter((url) => new URL(url).origin !== this.origin)).toEqual([]);
  }
}
