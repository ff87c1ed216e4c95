import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Corrected events for dead letters: who sends one, and which record of which log counts. */
export class CreateResubmissions1763800000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table "resubmissions" (
        "log_id" uuid not null,
        "offset" bigint not null,
        "event" text not null,
        "claimed_by" uuid,
        "claimed_at" timestamp with time zone not null default now(),
        "loaded_log_id" uuid,
        "loaded_offset" bigint,
        "loaded_at" timestamp with time zone,
        primary key ("log_id", "offset")
      )`);
    await runner.query(`
      create index "resubmissions_loaded_idx" on "resubmissions" ("loaded_log_id", "loaded_offset")`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table "resubmissions"');
  }
}
