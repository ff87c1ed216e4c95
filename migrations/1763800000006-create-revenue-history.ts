import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Revenue over time. Rows are added to in their page (HOT), the current hour's with each load. What was loaded before
 * these tables stood is not in them: `npm run rebuild` puts it there.
 */
export class CreateRevenueHistory1763800000006 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table "revenue_by_hour" (
        "hour" timestamptz not null,
        "revenue" numeric not null,
        constraint "revenue_by_hour_pkey" primary key ("hour")
      ) with (fillfactor = 70)`);
    await runner.query(`
      create table "revenue_by_day" (
        "day" timestamptz not null,
        "revenue" numeric not null,
        constraint "revenue_by_day_pkey" primary key ("day")
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table "revenue_by_day", "revenue_by_hour"');
  }
}
