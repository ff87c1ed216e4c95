import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Up to where each log is loaded. Moves in the same transaction as the balances. */
export class CreateLoadCheckpoint1763800000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table "load_checkpoint" (
        "log_id" uuid not null,
        "offset" bigint not null,
        "fingerprint" text not null,
        "timestamp" bigint,
        "events" bigint not null,
        "updated_at" timestamp with time zone not null,
        primary key ("log_id")
      ) with (fillfactor = 10)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table "load_checkpoint"');
  }
}
