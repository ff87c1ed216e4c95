import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'dotenv';
import { Environment } from './environment.js';
import { readConfig } from './read-config.js';

const text = readFileSync(join(import.meta.dirname, '../../../.env'), 'utf8');
const lines = text.split('\n');
const defaults = Object.entries(new Environment()).map(([name, value]) => [name, String(value)]);

describe('.env', () => {
  it('names every variable with its default, and no other', () => {
    expect(parse(text)).toEqual(Object.fromEntries(defaults));
  });

  it('names each variable once', () => {
    const names = lines.flatMap((line) => /^([A-Z_]+)=/.exec(line)?.[1] ?? []);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toHaveLength(defaults.length);
  });

  it('explains each variable in the line above it', () => {
    const unexplained = lines.filter(
      (line, index) => /^[A-Z_]+=/.test(line) && !/^# \S.{10,}/.test(lines[index - 1] ?? ''),
    );
    expect(unexplained).toEqual([]);
  });

  it('changes nothing: without it the configuration is the same', () => {
    const directory = '/somewhere';
    expect(readConfig(parse(text), directory)).toEqual(readConfig({}, directory));
  });
});
