import { describe, expect, it } from '@jest/globals';
import { AppConfig } from '../shared/config/app-config.js';
import { chooseTarget, shownUrl } from './ingest-target.js';

const own = () => ({ serverUrl: 'http://127.0.0.1:8000', secret: 'internal' });

const choose = (ingestUrl: string, ingestApiKey = '') => {
  const chosen = chooseTarget(Object.assign(new AppConfig(), { ingestUrl, ingestApiKey }), own);
  if (chosen.kind !== 'target') return chosen;
  return { url: chosen.target.url.href, authorization: chosen.target.authorization };
};

describe('chooseTarget', () => {
  it('sends to the own listener with the internal secret', () => {
    expect(choose('')).toEqual({
      url: 'http://127.0.0.1:8000/events',
      authorization: 'Bearer internal',
    });
  });

  it('prefers a configured key at the own listener', () => {
    expect(choose('', 'key')).toMatchObject({ authorization: 'Bearer key' });
  });

  it('never sends the internal secret to another ingest', () => {
    expect(choose('http://ingest:1')).toEqual({
      url: 'http://ingest:1/events',
      authorization: null,
    });
    expect(choose('http://ingest:1', 'key')).toMatchObject({ authorization: 'Bearer key' });
  });

  it.each([
    ['https://h/base/', 'https://h/base/events'],
    ['https://h/base', 'https://h/base/events'],
    ['https://h/?tenant=a', 'https://h/events?tenant=a'],
    ['https://h/base/events', 'https://h/base/events'],
    ['https://h/events/', 'https://h/events'],
  ])('adds the route to the path of %s', (base, url) => {
    expect(choose(base)).toMatchObject({ url });
  });

  it('refuses credentials in the URL and keys that no header can carry', () => {
    expect(choose('http://u:p@h')).toMatchObject({
      kind: 'setting-invalid',
      variable: 'INGEST_URL',
    });
    expect(choose('', 'a b\n')).toMatchObject({ variable: 'INGEST_API_KEY' });
  });

  it('shows no query in messages', () => {
    const url = new URL('http://h/events?token=secret');
    expect(shownUrl({ url, authorization: null })).toBe('http://h/events');
  });
});
