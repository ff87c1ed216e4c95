import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ClientHarness, eventLines, problemOf } from './client-harness.js';
import { FakeIngest } from './fake-ingest.js';

let harness: ClientHarness;
let ingest: FakeIngest;

beforeEach(async () => {
  harness = await ClientHarness.create();
  await harness.writeEvents(eventLines(100));
  ingest = await FakeIngest.start();
});

afterEach(async () => {
  await ingest.close();
  await harness.remove();
});

describe('the client', () => {
  it.each([
    [401, 'INGEST_API_KEY'],
    [403, 'scope'],
    [404, 'INGEST_URL'],
    [413, 'CLIENT_REQUEST_ITEMS_MAX'],
    [415, 'application/x-ndjson'],
  ])('stops at %i with the remedy', async (status, remedy) => {
    ingest.behave = () => ({ kind: 'say', status, body: { code: 'SAID', detail: 'because' } });
    const problem = await problemOf(harness.service(ingest, { clientConcurrencyMax: 1 }).run());
    expect(problem).toMatchObject({ status: 502, code: 'INGEST_REFUSED' });
    expect(problem.detail).toContain(`${ingest.url}/events answered ${status} SAID (because)`);
    expect(problem.detail).toContain(remedy);
    expect(ingest.requests).toHaveLength(1);
  });

  it('follows no redirect, so that its key goes nowhere else', async () => {
    const elsewhere = await FakeIngest.start();
    const headers = { Location: `${elsewhere.url}/events` };
    ingest.behave = () => ({ kind: 'say', status: 307, headers });
    const problem = await problemOf(harness.service(ingest, { ingestApiKey: 'key' }).run());
    expect(problem.code).toBe('INGEST_REFUSED');
    expect(problem.detail).toContain(headers.Location);
    expect(ingest.requests[0]!.authorization).toBe('Bearer key');
    expect(elsewhere.connections).toBe(0);
    await elsewhere.close();
  });

  it('sends no key to a configured ingest when none is configured', async () => {
    await harness.service(ingest).run();
    expect(ingest.requests[0]!.authorization).toBeUndefined();
  });

  it('believes no counts that do not add up', async () => {
    const body = { accepted: 3, duplicates: 0, rejected: [] };
    ingest.behave = () => ({ kind: 'say', status: 202, body });
    const problem = await problemOf(harness.service(ingest).run());
    expect(problem).toMatchObject({ status: 502, code: 'INGEST_ANSWER_UNEXPECTED' });
    expect(problem.detail).toContain('3 events counted where 10 were read');
  });

  it('says that nobody answers, with the address and the cause', async () => {
    const { url } = ingest;
    await ingest.close();
    const problem = await problemOf(harness.service(url).run());
    expect(problem).toMatchObject({ status: 502, code: 'INGEST_UNREACHABLE' });
    expect(problem.detail).toContain(`${url}/events`);
    expect(problem.detail).toContain('ECONNREFUSED');
    expect(problem.detail).toContain('call again to go on with this run');
    ingest = await FakeIngest.start();
  });

  it('hears an answer that comes before its body was read', async () => {
    const deaf = createServer((_, response) => {
      response.writeHead(413, { Connection: 'close' }).end('{"code":"BODY_TOO_LARGE"}');
    });
    await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(deaf.address() as AddressInfo).port}`;
    await harness.writeEvents(eventLines(20_000));
    const overrides = { clientRequestItemsMax: 100_000, clientAttemptsMax: 20 };
    const problem = await problemOf(harness.service(url, overrides).run());
    expect(problem.detail).toContain('413 BODY_TOO_LARGE');
    await new Promise((resolve) => deaf.close(resolve));
  });
});
