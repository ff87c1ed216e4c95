import { describe, expect, it } from '@jest/globals';
import { RunLedger } from './run-ledger.js';
import { newRunState } from './run-state.js';
import type { ParcelReport } from './send-parcel.js';

const begun = newRunState('0b5e9c9e-5f0b-4b1e-9c64-3a3b9f4f7f11', '/f', { size: 9, sha256: '' });
const invalid = (line: number) => ({ line, code: 'C', message: 'm' });

const report = (fields: Partial<ParcelReport>): ParcelReport => ({
  line: null,
  accepted: 0,
  duplicates: 0,
  rejected: [],
  rejectedTotal: 0,
  openSince: null,
  end: { kind: 'complete' },
  ...fields,
});

describe('RunLedger', () => {
  it('adds up the answers and moves the line', () => {
    const ledger = new RunLedger(begun);
    ledger.settle(report({ line: 5, accepted: 3, duplicates: 1 }));
    ledger.settle(report({ line: 9, accepted: 2, rejectedTotal: 1, rejected: [invalid(7)] }));
    ledger.settle(report({ end: { kind: 'stopped' } }));
    expect(ledger.state).toMatchObject({ line: 9, accepted: 5, duplicates: 1, rejected: 1 });
  });

  it('lists invalid lines in the order of the file, whoever refused them', () => {
    const ledger = new RunLedger(begun);
    for (const line of [2, 8]) ledger.refuse(invalid(line));
    ledger.settle(report({ line: 9, rejectedTotal: 2, rejected: [invalid(1), invalid(5)] }));
    const { invalid: lines, invalidTotal } = ledger.summary(1);
    expect(lines.map(({ line }) => line)).toEqual([1, 2, 5, 8]);
    expect(invalidTotal).toBe(4);
  });

  it('lists the first 1,000 of them and counts all', () => {
    const ledger = new RunLedger(begun);
    for (let line = 2; line <= 4_000; line += 2) ledger.refuse(invalid(line));
    for (let line = 1; line < 4_000; line += 2) {
      ledger.settle(report({ line, rejectedTotal: 1, rejected: [invalid(line)] }));
    }
    const summary = ledger.summary(1);
    expect(summary.invalidTotal).toBe(4_000);
    expect(summary.invalid.map(({ line }) => line)).toEqual(
      Array.from({ length: 1_000 }, (_, i) => i + 1),
    );
    expect(ledger.state.rejectedLines).toHaveLength(1_000);
  });

  it('counts the rate of this call only', () => {
    const ledger = new RunLedger({ ...begun, accepted: 1_000_000 });
    expect(ledger.progress(true).ratePerSecond).toBe(0);
  });
});
