import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { GenerateEvents } from '../../../src/client/client.port.js';
import { ProgressStreams } from '../../../src/client/progress-streams.js';
import { Drain } from '../../../src/shared/drain.js';
import type { Problem } from '../../../src/shared/http/problem.js';
import { writeProblem } from '../../../src/shared/http/write-problem.js';
import { EventStream } from '../../support/event-stream.js';
import { eventually } from '../../support/eventually.js';
import { ClientHarness, eventLines } from './client-harness.js';
import { FakeIngest } from './fake-ingest.js';

let harness: ClientHarness;
let ingest: FakeIngest;
let drain: Drain;
let events: GenerateEvents;
let streams: ProgressStreams;
let server: Server;
let url: string;
let responses: ServerResponse[];

beforeEach(async () => {
  harness = await ClientHarness.create();
  await harness.writeEvents(eventLines(100));
  ingest = await FakeIngest.start();
  drain = new Drain();
  events = harness.service(ingest, {}, drain);
  streams = new ProgressStreams(events, drain);
  responses = [];
  server = createServer((_, response) => {
    responses.push(response);
    try {
      streams.open(response);
    } catch (error) {
      writeProblem(response, error as Problem);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  jest.useRealTimers();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await ingest.close();
  await harness.remove();
});

/** Pushes until what a reader has not taken stops its stream. @returns what is held for it, in bytes */
async function pushUntilFull(response: ServerResponse): Promise<number> {
  while (!response.writableNeedDrain) {
    streams.push();
    await turn();
  }
  return response.writableLength;
}

describe('a stream of the progress', () => {
  it('tells at once how things are, when a run begins and when it has ended', async () => {
    // Without their timer: what comes comes because the run tells it.
    jest.useFakeTimers({ doNotFake: [...everythingBut('setInterval')] });
    const reader = await EventStream.open(url);
    await eventually(() => reader.events.length === 1);
    expect(reader.last).toEqual(events.progress());
    const other = await EventStream.open(url);
    await eventually(() => other.events.length === 1);
    const { runId } = await events.run();
    await eventually(() => other.last?.runId === runId);
    expect(other.events.map(({ running }) => running)).toEqual([false, true, false]);
    expect(other.last).toEqual(events.progress());
    expect(other.last).toMatchObject({ accepted: 100, bytesRead: other.last?.bytesTotal });
    await eventually(() => reader.last?.runId === runId);
  });

  it('goes on while a run does', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    ingest.behave = () => held.then(() => ({ kind: 'store' }));
    const reader = await EventStream.open(url);
    const run = events.run();
    await eventually(() => reader.events.filter(({ running }) => running).length > 4);
    expect(reader.last?.bytesTotal).toBe(eventLines(100).length);
    release();
    await run;
    await eventually(() => reader.last?.running === false);
  });

  it('has a comment each 15 s, whether a run goes on or not', async () => {
    jest.useFakeTimers({ doNotFake: [...everythingBut('setInterval')] });
    const reader = await EventStream.open(url);
    await eventually(() => reader.events.length === 1);
    jest.advanceTimersByTime(14_999);
    expect(reader.comments).toEqual([]);
    jest.advanceTimersByTime(1);
    await eventually(() => reader.comments.length === 1);
    expect(reader.comments).toEqual(['heartbeat']);
    expect(reader.events).toHaveLength(1);
  });

  it('holds a few events for a reader that does not read, and tells it the last when it does', async () => {
    const slow = await EventStream.open(url, {}, false);
    const quick = await EventStream.open(url);
    const held = await pushUntilFull(responses[0]!);
    for (let i = 0; i < 10_000; i++) streams.push();
    expect(responses[0]!.writableLength).toBe(held);
    expect(held).toBeLessThan(128 * 1024);
    const { runId } = await events.run();
    await eventually(() => quick.last?.runId === runId);
    slow.read();
    await eventually(() => slow.last?.runId === runId);
    expect(slow.last).toEqual(events.progress());
    expect(slow.events.length).toBeLessThan(quick.events.length);
  });

  it('is one of a hundred at most, and makes room when its reader goes', async () => {
    const readers = await Promise.all(Array.from({ length: 100 }, () => EventStream.open(url)));
    const refused = await EventStream.open(url);
    expect(refused.response.statusCode).toBe(503);
    expect(refused.response.headers['retry-after']).toBe('5');
    readers[7]!.leave();
    await eventually(async () => {
      const next = await EventStream.open(url, {}, false);
      return next.response.statusCode === 200;
    });
    const { runId } = await events.run();
    await eventually(() => readers.every(({ last }, n) => n === 7 || last?.runId === runId));
  });

  it('ends with a drain, cut where nobody reads; and none begins any more', async () => {
    const slow = await EventStream.open(url, {}, false);
    const quick = await EventStream.open(url);
    await pushUntilFull(responses[0]!);
    const closed = new Promise<void>((resolve) => responses[0]!.once('close', resolve));
    drain.begin();
    expect(await quick.over).toBe('ended');
    await closed;
    slow.read();
    expect(await slow.over).toBe('cut');
    const late = await EventStream.open(url, {}, false);
    expect(late.response.statusCode).toBe(503);
  });
});

/** Of the timers that a test may fake, those that stay real. */
function everythingBut(faked: 'setInterval') {
  const all = ['Date', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate'] as const;
  const rest = ['setInterval', 'setTimeout', 'clearTimeout', 'clearImmediate', 'hrtime'] as const;
  return [...all, ...rest].filter((name) => name !== faked);
}
