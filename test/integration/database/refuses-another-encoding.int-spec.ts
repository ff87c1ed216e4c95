import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AppConfig } from '../../../src/shared/config/app-config.js';
import { dataSourceOptions } from '../../../src/shared/database/data-source-options.js';
import { Database } from '../../../src/shared/database/database.js';
import { Drain } from '../../../src/shared/drain.js';
import { eventually } from '../../support/eventually.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

describe('a database of another encoding than UTF-8', () => {
  let database: TestDatabase;
  let admin: DataSource;
  beforeAll(async () => {
    Logger.overrideLogger(false);
    database = await createTestDatabase();
    admin = await new DataSource(dataSourceOptions(database.url)).initialize();
  });
  afterAll(async () => {
    await admin.destroy();
    await database.drop();
  });

  const config = Object.assign(new AppConfig(), { migrationsRun: true });

  test.each(['LATIN1', 'SQL_ASCII'])('is refused: %s', async (encoding) => {
    const name = `test_${randomBytes(8).toString('hex')}`;
    await admin.query(
      `create database ${name} template template0 encoding '${encoding}' locale 'C'`,
    );
    const drain = new Drain();
    const source = new DataSource(dataSourceOptions(database.url.replace(/test_\w+/, name)));
    const refused = new Database(source, config, drain);
    try {
      await refused.start(300);
      await eventually(
        () => refused.state.kind === 'away' && refused.state.reason.includes('encoding'),
      );
      expect(refused.state).toMatchObject({
        kind: 'away',
        reason: expect.stringContaining(`encoding ${encoding}`),
      });
      expect(() => refused.requireReady()).toThrow('the database does not answer');
    } finally {
      drain.begin();
      await refused.stop();
      await admin.query(`drop database ${name} with (force)`);
    }
  });

  test('unlike one of UTF-8, which is migrated and ready', async () => {
    const source = new DataSource(dataSourceOptions(database.url));
    const ready = new Database(source, config, new Drain());
    await ready.start(20_000);
    expect(ready.state).toEqual({ kind: 'ready' });
    expect(await ready.requireReady().query('select 1 as one from users_revenue')).toEqual([]);
    await ready.stop();
  });
});
