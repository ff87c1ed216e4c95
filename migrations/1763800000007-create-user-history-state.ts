import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What is known of revenue over time by user: of each log, up to which offset it holds the events that are loaded, and
 * from which instant on all of them. A log whose offset is not that of its checkpoint was loaded without it.
 */
export class CreateUserHistoryState1763800000007 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table "user_history_state" (
        "log_id" uuid not null,
        "offset" bigint not null,
        "known_from" timestamptz not null,
        constraint "user_history_state_pkey" primary key ("log_id")
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table "user_history_state"');
  }
}
