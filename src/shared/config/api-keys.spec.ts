import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { parseApiKeys, type ApiKey } from './api-keys.js';

function keysOf(text: string): readonly ApiKey[] {
  const parsed = parseApiKeys(text);
  if (parsed.kind === 'bad') throw new Error(parsed.complaint);
  return parsed.keys;
}

function complaintOf(text: string): string {
  const parsed = parseApiKeys(text);
  if (parsed.kind === 'keys') throw new Error('it was taken');
  return parsed.complaint;
}

describe('API keys', () => {
  it('may do everything where nothing is said', () => {
    expect([...keysOf('me:s3cret')[0]!.scopes]).toEqual(['ingest', 'read', 'admin']);
  });

  it('may do what their scopes say', () => {
    const keys = keysOf('shop:k1:ingest,grafana:k2:read,ci:k3:ingest+admin');
    expect(keys.map(({ name, scopes }) => [name, [...scopes]])).toEqual([
      ['shop', ['ingest']],
      ['grafana', ['read']],
      ['ci', ['ingest', 'admin']],
    ]);
  });

  it('are kept as digests only', () => {
    const [key] = keysOf('me:s3cret');
    expect(key!.digest).toEqual(createHash('sha256').update('s3cret').digest());
    expect(JSON.stringify(key)).not.toContain('s3cret');
  });

  it('stand one on a line, between comments and blank lines, with either line end', () => {
    const text = '# of the shop, and of nobody else\r\n\r\nshop:k1:ingest\r\n  ci:k2 , me:k3\n';
    expect(keysOf(text).map(({ name }) => name)).toEqual(['shop', 'ci', 'me']);
  });

  it('are none where nothing is said', () => {
    expect(keysOf('')).toEqual([]);
    expect(keysOf(' ,\n# nobody\n')).toEqual([]);
  });
});

describe('a bad entry of API keys', () => {
  it.each([
    ['entry 1 must be name:key', 's3cret'],
    ['entry 1 must be name:key', ':s3cret'],
    ['entry 1 must be name:key', 'me:'],
    ['entry 1 must be name:key', 'me:s3cret:read:more'],
    ['entry 2 has a scope that is none of', 'a:b,me:s3cret:write'],
    ['entry 1 has a scope that is none of', 'me:s3cret:'],
    ['entry 1 has a scope that is none of', 'me:s3cret:read+'],
    ['entry 1 has a scope that is none of', 'me:s3cret:READ'],
    ['entry 1 has a key with characters that no header can carry', 'me: s3cret'],
    ['entry 1 has a key with characters that no header can carry', 'me:s3crét'],
    ['entry 2 repeats the name', 's3cret:me,s3cret:you'],
    ['entry 2 repeats the key', 'me:s3cret,you:s3cret'],
  ])('is named by its position (%s) and never by its text', (complaint, text) => {
    expect(complaintOf(text)).toContain(complaint);
    expect(complaintOf(text)).not.toContain('s3cr');
  });
});
