import { describe, expect, test } from '@jest/globals';
import { addBytes } from '../../../test/support/fold-bytes.js';
import { Fold } from './fold-records.js';

describe('the scanner of a new fold', () => {
  test.each([0x00, 0xff])('takes no timestamp of bytes %i, which it has never seen', (byte) => {
    const fold = new Fold();
    const line = Buffer.from(
      '{"timestamp":1763800000001,"userId":"abc","name":"add_revenue","value":5}\n',
    );
    line.fill(byte, 13, 25);
    expect(addBytes(fold, line).unusable).toMatchObject([{ start: 0, end: line.length }]);
    expect([fold.events, fold.users]).toEqual([0, 0]);
  });
});
