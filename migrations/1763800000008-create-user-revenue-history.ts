import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Revenue over time by user, kept while USER_HISTORY=true. The bounds of `start` are those of a record's timestamp, so
 * that each row has a place in the order in which verify goes through them. What is known of an earlier table of this
 * name is not known of this one.
 */
export class CreateUserRevenueHistory1763800000008 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table "user_revenue_history" (
        "user_id" text collate "C" not null,
        "bucket" text collate "C" not null,
        "start" timestamptz not null,
        "revenue" numeric not null,
        constraint "user_revenue_history_pkey" primary key ("user_id", "bucket", "start"),
        constraint "user_revenue_history_bucket" check ("bucket" in ('hour', 'day')),
        constraint "user_revenue_history_start" check ("start" >= '1970-01-01T00:00:00Z' and "start" < 'infinity')
      ) with (fillfactor = 70)`);
    await runner.query('update "user_history_state" set "offset" = -1');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table "user_revenue_history"');
  }
}
