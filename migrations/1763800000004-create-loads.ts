import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The history of loads: one row for each committed load, of all logs. The oldest ones are removed. */
export class CreateLoads1763800000004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table "loads" (
        "id" bigint generated always as identity,
        "log_id" uuid not null,
        "from_offset" bigint not null,
        "to_offset" bigint not null,
        "events" bigint not null,
        "users" bigint not null,
        "inserted" bigint not null,
        "updated" bigint not null,
        "dead_letters" bigint not null,
        "duration_ms" bigint not null,
        "committed_at" timestamp with time zone not null default now(),
        primary key ("id")
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table "loads"');
  }
}
