import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Environment } from './environment.js';
import { readConfig } from './read-config.js';

interface Row {
  readonly name: string;
  readonly standard: string;
  readonly range: string;
}

const page = readFileSync(join(import.meta.dirname, '../../../docs/configuration.md'), 'utf8');
const rows = page.split('\n').flatMap((line): Row[] => {
  const [, name = '', standard = '', , range = ''] = line.split('|').map((cell) => cell.trim());
  return /^`[A-Z_]+`$/.test(name) ? [{ name: bare(name), standard, range }] : [];
});

function bare(cell: string): string {
  return cell.replaceAll('`', '');
}

/** Whether the configuration takes a value of this variable. */
function takes(name: string, value: string): boolean {
  const read = readConfig({ [name]: value }, '/somewhere');
  return read.kind === 'config' || read.bad.every((bad) => bad.name !== name);
}

const bounded = rows.flatMap(({ name, range }) => {
  const [, from, to] = /^(\d+) to (\d+)$/.exec(range) ?? [];
  return from === undefined || to === undefined ? [] : [{ name, from, to }];
});
const chosen = rows.filter(({ range }) => range.includes(' or '));

describe('docs/configuration.md', () => {
  it('names every variable once with its default, and no other', () => {
    const onPage = rows.map(({ name, standard }) => [
      name,
      standard === 'empty' ? '' : bare(standard),
    ]);
    const known = Object.entries(new Environment()).map(([name, value]) => [name, String(value)]);
    expect(onPage.toSorted()).toEqual(known.toSorted());
  });

  it('has the bounds of every number', () => {
    const numbers = Object.entries(new Environment()).filter(([, value]) => {
      return typeof value === 'number';
    });
    const names = bounded.map(({ name }) => name);
    expect(names.toSorted()).toEqual(numbers.map(([name]) => name).toSorted());
  });

  it.each(bounded)('$name is taken from $from to $to, and not beyond', ({ name, from, to }) => {
    expect([takes(name, from), takes(name, to)]).toEqual([true, true]);
    expect(takes(name, String(BigInt(from) - 1n))).toBe(false);
    expect(takes(name, String(BigInt(to) + 1n))).toBe(false);
  });

  it.each(chosen)('$name is $range', ({ name, range }) => {
    const choices = range.split(' or ').map(bare);
    expect(choices.filter((choice) => !takes(name, choice))).toEqual([]);
    expect(takes(name, 'something else')).toBe(false);
  });
});
