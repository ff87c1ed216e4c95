import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const SOURCES = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(SOURCES, path), 'utf8');

/** The codes that a file names in this part of it. */
function codesIn(path: string, part: RegExp): string[] {
  const [text = ''] = part.exec(read(path)) ?? [];
  return [...text.matchAll(/'([A-Z]+(?:_[A-Z]+)*)'/g)].map(([, code = '']) => code);
}

describe('the page', () => {
  const ofPage = /const REMEDIES = \{(.*?)\n\};/s;
  const known = [
    ...(ofPage.exec(read('monitoring/dashboard/page/health.js'))?.[1] ?? '').matchAll(
      /^ {2}([A-Z_]+):/gm,
    ),
  ].map(([, code]) => code);

  it.each([
    ['monitoring/health.service.ts', /failing\(\): HealthFinding\[\].*/s],
    ['staging-log/staging-log.port.ts', /type RefusalCode =[^;]+;/],
    ['processor/prove-checkpoint.ts', /type WrongLogCode =[^;]+;/],
  ])('says what to do about each code that readiness gets from %s', (path, part) => {
    const codes = codesIn(path, part);
    expect(codes.length).toBeGreaterThan(3);
    expect(codes.filter((code) => !known.includes(code))).toEqual([]);
  });
});
