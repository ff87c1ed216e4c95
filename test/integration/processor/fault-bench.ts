import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import type { DataSource } from 'typeorm';
import type { Processor, RunOutcome } from '../../../src/processor/processor.js';
import { describeDatabaseError, sqlStateOf } from '../../../src/shared/database/sql-state.js';
import type { StagingLogReader } from '../../../src/staging-log/staging-log.port.js';
import { verifyBalances, type Verification } from '../../../src/verify/verify.port.js';
import type { Exchange } from '../../support/wire-exchange.js';
import type { LoadHarness } from './load-harness.js';

/** Locked by a test, it stops every statement that writes, and COMMIT; see `makeWritesWait`. */
const GATE = 4_711;
const KILL_TIMEOUT_MS = 5_000;

/** How a run ended, without throwing: its outcome's kind, or the SQLSTATE or text of its error. */
export async function endOf(run: Promise<RunOutcome>): Promise<string> {
  try {
    const outcome = await run;
    return outcome.kind === 'wrong-log' ? outcome.code : outcome.kind;
  } catch (error) {
    return sqlStateOf(error) ?? `failed: ${describeDatabaseError(error)}`;
  }
}

/** What tests of faults do to the database of a harness, and how they prove that no fault did harm. */
export class FaultBench {
  constructor(
    private readonly harness: LoadHarness,
    /** That of the harness, or of a cluster of the test's own. */
    private readonly dataSource: DataSource = harness.dataSource,
  ) {}

  verify(log: StagingLogReader, shareFiles: string[] = []): Promise<Verification> {
    return verifyBalances({
      dataSource: this.dataSource,
      log,
      shareFiles,
      dataDir: this.harness.dataDir(),
      refresh: () => Promise.resolve(),
      onProgress: () => undefined,
    });
  }

  /** The table is the exact sum of so many events, and no good record became a dead letter. */
  async expectExact(log: StagingLogReader, events: number, deadLetters = 0): Promise<void> {
    expect(await this.verify(log)).toMatchObject({
      kind: 'exact',
      events: { inLog: events, inTable: events },
      deadLetters: { inLog: deadLetters, inTable: deadLetters },
      differences: [],
    });
  }

  /** Runs once more, now that the fault is gone, and expects so many events in the table. */
  async expectAllLoaded(
    processor: Processor,
    log: StagingLogReader,
    counts: { readonly events: number; readonly deadLetters?: number },
  ): Promise<void> {
    expect(await endOf(processor.runOnce())).toBe('caught-up');
    await this.expectExact(log, counts.events, counts.deadLetters);
    expect(await this.verify(log)).toMatchObject({ offset: log.endOffset() });
  }

  /** Ends the process of a connection as an operator would, and waits until it is gone. */
  async kill(pid: number): Promise<void> {
    await this.dataSource.query('select pg_terminate_backend($1, $2)', [pid, KILL_TIMEOUT_MS]);
  }

  /** From now on, a statement that has written waits before it ends while the gate is shut; so does COMMIT. */
  async makeWritesWait(): Promise<void> {
    const tables: { name: string }[] = await this.dataSource.query(
      `select format('%I', tablename) as name from pg_tables where schemaname = 'public'`,
    );
    await this.dataSource.query(`create or replace function wait_at_the_gate() returns trigger
      language plpgsql as $$ begin
        perform pg_advisory_lock_shared(${GATE});
        perform pg_advisory_unlock_shared(${GATE});
        return null;
      end $$`);
    for (const { name } of tables) {
      await this.dataSource.query(`create trigger gate after insert or update or delete on ${name}
        for each statement execute function wait_at_the_gate()`);
      await this.dataSource.query(`create constraint trigger gate_at_commit
        after insert or update or delete on ${name} deferrable initially deferred
        for each row execute function wait_at_the_gate()`);
    }
  }

  /** Shuts the gate while `work` runs. */
  async withGateShut<T>(work: () => Promise<T>): Promise<T> {
    const runner = this.dataSource.createQueryRunner();
    await runner.query(`select pg_advisory_lock(${GATE})`);
    try {
      return await work();
    } finally {
      await runner.query('select pg_advisory_unlock_all()').catch(() => undefined);
      await runner.release();
    }
  }

  /** Resolves once the server waits for a lock to do what an exchange asks, or has answered. */
  async untilWaiting({ pid, answered }: Exchange): Promise<void> {
    let over = false;
    void answered.then(() => (over = true));
    while (!over) {
      const [row]: { waits: boolean }[] = await this.dataSource.query(
        `select wait_event_type is not distinct from 'Lock' as waits
           from pg_stat_activity where pid = $1`,
        [pid],
      );
      if (row?.waits === true) return;
      await sleep(2);
    }
  }
}
