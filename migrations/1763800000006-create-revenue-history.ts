import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Revenue over time. Rows are added to in their page (HOT), that of the current hour with each load. What was loaded
 * before this table stood is not in it: `npm run rebuild` puts it there.
 */
export class CreateRevenueHistory1763800000006 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table "revenue_history" (
        "bucket" text collate "C" not null,
        "start" timestamptz not null,
        "revenue" numeric not null,
        constraint "revenue_history_pkey" primary key ("bucket", "start"),
        constraint "revenue_history_bucket" check ("bucket" in ('hour', 'day'))
      ) with (fillfactor = 70)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table "revenue_history"');
  }
}
