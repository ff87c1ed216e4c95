import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Counting the dead letters that are open, which each look at the status does, costs what there is of them, and
 * not what there is of all. Where somebody dropped the table, there is nothing to index: made again, it runs again.
 */
export class IndexOpenDeadLetters1763800000005 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    if (!(await runner.hasTable('dead_letters'))) return;
    await runner.query(`
      create index "dead_letters_open_idx" on "dead_letters" ("id") where "state" = 'open'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index if exists "dead_letters_open_idx"');
  }
}
