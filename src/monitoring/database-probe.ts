import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Database, type DatabaseState } from '../shared/database/database.js';
import { describeDatabaseError } from '../shared/database/sql-state.js';

/** For so long an answer is waited for, in short waits: a pause of this process counts as one of them, however long it is. */
const WAITS = 10;
const WAIT_MS = 100;
const SILENT: DatabaseState = { kind: 'away', reason: 'no answer within 1 s' };

/**
 * Whether PostgreSQL answers, for all who want to know: one `select 1` at a time, since questions to a server that hangs
 * would pile up. The first one to ask waits a second at most; from then on the database counts as away, and nobody
 * waits, until that question is answered or fails.
 */
@Injectable()
export class DatabaseProbe {
  private found: DatabaseState = { kind: 'away', reason: 'not asked yet' };
  /** When it was answered, or failed; of `performance.now()`. */
  private foundAt = -Infinity;
  /** Settled once nobody is to wait any more; gone once the question is. */
  private asking: Promise<void> | null = null;

  constructor(private readonly database: Database) {}

  /** @param ageMsMax an answer that is younger is good enough; 0: of now. Never rejects. */
  async look(ageMsMax: number): Promise<DatabaseState> {
    const { state } = this.database;
    if (state.kind === 'away') return state;
    if (performance.now() - this.foundAt < ageMsMax) return this.found;
    this.asking ??= this.ask();
    await this.asking;
    return this.found;
  }

  private ask(): Promise<void> {
    let isOpen = true;
    const settle = (found: DatabaseState): void => {
      isOpen = false;
      this.found = found;
      this.foundAt = performance.now();
      this.asking = null;
    };
    const answer = this.database.dataSource.query('select 1').then(
      () => {
        settle({ kind: 'ready' });
      },
      (error: unknown) => {
        settle({ kind: 'away', reason: describeDatabaseError(error) });
      },
    );
    const patience = async (): Promise<void> => {
      for (let waits = 0; isOpen && waits < WAITS; waits += 1) {
        await sleep(WAIT_MS, undefined, { ref: false });
      }
      if (isOpen) this.found = SILENT;
    };
    return Promise.race([answer, patience()]);
  }
}
