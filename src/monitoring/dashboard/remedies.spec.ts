import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const SOURCES = join(import.meta.dirname, '../..');
const PAGE = 'monitoring/dashboard/page/health.js';
const WRONG_LOG = ['processor/prove-checkpoint.ts', /type WrongLogCode =[^;]+;/] as const;
const read = (path: string): string => readFileSync(join(SOURCES, path), 'utf8');

/** The codes that a file names in this part of it. */
function codesIn(path: string, part: RegExp): string[] {
  const [text = ''] = part.exec(read(path)) ?? [];
  return [...text.matchAll(/'([A-Z]+(?:_[A-Z]+)*)'/g)].map(([, code = '']) => code);
}

describe('the page', () => {
  const ofPage = /const REMEDIES = \{(.*?)\n\};/s;
  const known = [...(ofPage.exec(read(PAGE))?.[1] ?? '').matchAll(/^ {2}([A-Z_]+):/gm)].map(
    ([, code]) => code,
  );

  it.each([
    ['monitoring/health.service.ts', /failing\(\): HealthFinding\[\].*/s],
    ['staging-log/staging-log.port.ts', /type RefusalCode =[^;]+;/],
    WRONG_LOG,
  ])('says what to do about each code that readiness gets from %s', (path, part) => {
    const codes = codesIn(path, part);
    expect(codes.length).toBeGreaterThan(3);
    expect(codes.filter((code) => !known.includes(code))).toEqual([]);
  });

  it('knows each code with which the log takes events and nothing is loaded', () => {
    expect(codesIn(PAGE, /const WRONG_LOG = [^;]+;/)).toEqual(codesIn(...WRONG_LOG));
  });

  it('names sections that docs/operations.md has', () => {
    const headings = [...read('../docs/operations.md').matchAll(/^##+ (.+)$/gm)].map(
      ([, name]) => name,
    );
    const named = [...read(PAGE).matchAll(/“([^”]+)”/g)].map(([, name]) => name);
    expect(named).not.toEqual([]);
    expect(named.filter((name) => !headings.includes(name))).toEqual([]);
  });
});
