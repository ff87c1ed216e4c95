import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Records that can never be loaded, kept with their bytes and the reason. */
export class CreateDeadLetters1763800000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table "dead_letters" (
        "id" bigint generated always as identity,
        "log_id" uuid not null,
        "offset" bigint not null,
        "length" bigint not null,
        "bytes" bytea not null,
        "code" text not null,
        "message" text not null,
        "state" text not null default 'open',
        "created_at" timestamp with time zone not null default now(),
        primary key ("id"),
        constraint "dead_letters_log_offset_key" unique ("log_id", "offset")
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table "dead_letters"');
  }
}
