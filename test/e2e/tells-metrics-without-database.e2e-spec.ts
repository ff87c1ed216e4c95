import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DatabaseProxy } from '../support/database-proxy.js';
import { eventually } from '../support/eventually.js';
import { RunningApplication } from '../support/running-application.js';
import { Scrape } from '../support/scrape.js';
import { postEvents } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const EVENT = { userId: 'abc123', name: 'add_revenue', value: 432 };
/** What only the database knows. */
const UNKNOWN = [
  ...['checkpoint_offset', 'lag_bytes', 'lag_seconds'],
  ...['dead_letters_open', 'dead_letter_claims_unfinished'],
];

describe('the metrics with a database that is away', () => {
  let database: TestDatabase;
  let proxy: DatabaseProxy;
  let application: RunningApplication;
  const scrape = (): Promise<Scrape> => Scrape.of(application.serverUrl);

  beforeAll(async () => {
    database = await createTestDatabase();
    proxy = await DatabaseProxy.create(database.url);
    application = await RunningApplication.start({ databaseUrl: proxy.url });
  });
  afterAll(async () => {
    await application.kill();
    await proxy.close();
    await database.drop();
  });

  it('from the start, what only it knows has no sample', async () => {
    await postEvents(application.serverUrl, EVENT);
    const its = await scrape();
    expect(UNKNOWN.map((name) => its.value(name))).toEqual(UNKNOWN.map(() => null));
    expect([its.value('database_up'), its.value('ready')]).toEqual([0, 1]);
    expect(its.value('events_accepted_total')).toBe(1);
  });

  it('it is up when it comes, and nothing is unknown any more', async () => {
    await proxy.open();
    const its = await Scrape.when(
      application.serverUrl,
      (then) => then.value('loaded_events_total') === 1 && then.value('dead_letters_open') !== null,
    );
    expect(its.value('database_up')).toBe(1);
    expect(its.value('lag_bytes')).toBe(0);
    expect(its.value('dead_letters_open')).toBe(0);
    expect(its.value('dead_letter_claims_unfinished')).toBe(0);
  });

  it('when it goes, the lag is told from the last known checkpoint, and loads fail', async () => {
    await proxy.close();
    await postEvents(application.serverUrl, EVENT);
    await eventually(async () => (await scrape()).value('load_failing') === 1);
    const its = await scrape();
    expect([its.value('database_up'), its.value('ready')]).toEqual([0, 1]);
    expect(its.value('dead_letters_open')).toBeNull();
    expect(its.value('lag_bytes')).toBeGreaterThan(0);
    expect(its.value('lag_seconds')).toBeGreaterThan(0);
    const failures = Object.values(its.counts('load_failures_total'));
    expect(failures.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0);
  });

  it('when it hangs, scrapes are answered all the same, those at the same time, too', async () => {
    await proxy.open();
    await eventually(async () => (await scrape()).value('loaded_events_total') === 2);
    proxy.hang();
    const all = await Promise.all([scrape(), scrape(), scrape()]);
    expect(all.map((its) => its.value('database_up'))).toEqual([0, 0, 0]);
    expect((await scrape()).value('dead_letters_open')).toBeNull();
  });
});
