/**
 * Watches the memory of the page of a running application, by hand:
 * `node test/browser/heap-over-time.mjs http://127.0.0.1:8000 3600` prints the heap of its scripts each tenth of the time, after a
 * collection, with the number of elements. Neither may grow once the plot is full, after 5 minutes.
 */
import { chromium } from 'playwright-core';

const [url = 'http://127.0.0.1:8000', seconds = '600'] = process.argv.slice(2);
const ROWS = 10;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
});
const page = await browser.newPage();
await page.goto(url);
await page.locator('#health[data-kind=ready]').waitFor();
const session = await page.context().newCDPSession(page);
for (let row = 0; row <= ROWS; row++) {
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  const { nodes } = await session.send('Memory.getDOMCounters');
  const at = Math.round((row * Number(seconds)) / ROWS);
  console.log(`${at} s: ${(usedSize / 1e6).toFixed(2)} MB, ${nodes} nodes`);
  if (row < ROWS) await page.waitForTimeout((Number(seconds) * 1000) / ROWS);
}
await browser.close();
