import { describe, expect, test } from '@jest/globals';
import { describeDatabaseError, isRetryable, sqlStateOf } from './sql-state.js';

const wrapped = (code: string): Error =>
  Object.assign(new Error('wrapped'), { driverError: { code } });

describe('an error of the database', () => {
  test.each(['40001', '40P01'])('with %s lets the transaction run again', (state) => {
    expect(isRetryable(Object.assign(new Error('plain'), { code: state }))).toBe(true);
    expect(isRetryable(wrapped(state))).toBe(true);
  });

  test.each([
    ['a constraint', wrapped('23505')],
    ['a lost connection', Object.assign(new Error('x'), { code: 'ECONNRESET' })],
    ['an administrator who ends the backend', wrapped('57P01')],
    ['a commit whose fate is unknown', wrapped('08007')],
    ['a text that only quotes a state', new Error('40001')],
    ['something that is no error', 'deadlock'],
    ['null', null],
  ])('that is %s does not', (_what, error) => {
    expect(isRetryable(error)).toBe(false);
  });

  test.each(['ECONNREFUSED', 'EPIPE', 'EPERM'])(
    'has no state when it is not of the server: %s',
    (code) => {
      const lost = Object.assign(new Error('lost'), { code });
      expect(sqlStateOf(lost)).toBeNull();
      expect(describeDatabaseError(lost)).toBe('lost');
    },
  );

  test('is told in one line, with its state', () => {
    expect(describeDatabaseError(wrapped('42P01'))).toBe('wrapped (SQLSTATE 42P01)');
    const refused = Object.assign(new Error('connect ECONNREFUSED ::1:5432'), {
      code: 'ECONNREFUSED',
    });
    const both = new AggregateError([refused], '');
    expect(describeDatabaseError(both)).toBe('connect ECONNREFUSED ::1:5432');
    expect(describeDatabaseError({ code: 'ECONNREFUSED' })).toBe('ECONNREFUSED');
  });

  test.each([
    ['57014', /time-out.*locks/],
    ['25006', /read-only.*primary/],
    ['53100', /disk.*make room/],
    ['53200', /out of memory/],
    ['53300', /max_connections/],
    ['57P01', /restarts/],
    ['57P02', /crash.*log says why/],
    ['57P03', /starting or stopping/],
    ['28000', /user and password/],
    ['28P01', /user and password/],
    ['3D000', /create it/],
    ['42501', /privilege/],
    ['XX001', /restore/],
    ['XX002', /reindex/],
  ])('with %s says what to do, and fails the run only', (state, advice) => {
    const told = describeDatabaseError(wrapped(state));
    expect(told).toMatch(advice);
    expect(told).toMatch(new RegExp(`^wrapped \\(SQLSTATE ${state}: [^\n]+\\)$`));
    expect(isRetryable(wrapped(state))).toBe(false);
  });
});
