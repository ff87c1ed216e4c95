import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { EventStream } from '../../../test/support/event-stream.js';
import { eventually } from '../../../test/support/eventually.js';
import { Drain } from '../drain.js';
import { EventStreams } from './event-streams.js';

const REAL = [
  ...(['Date', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'hrtime'] as const),
  ...(['setTimeout', 'clearTimeout', 'clearImmediate'] as const),
];

let ticks: number;
let text: string | null;
let streams: EventStreams;
let server: Server;
let url: string;

beforeEach(async () => {
  jest.useFakeTimers({ doNotFake: REAL });
  [ticks, text] = [0, null];
  streams = new EventStreams({
    drain: new Drain(),
    streamsMax: 2,
    doing: 'read',
    text: () => text,
    tick: () => {
      ticks += 1;
    },
    tickEveryMs: 1_000,
  });
  server = createServer((_, response) => {
    streams.open(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  jest.useRealTimers();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe('streams of events', () => {
  it('do no work while nobody reads', async () => {
    jest.advanceTimersByTime(60_000);
    expect(ticks).toBe(0);
    const readers = await Promise.all([EventStream.openAt(url), EventStream.openAt(url)]);
    jest.advanceTimersByTime(10_000);
    expect(ticks).toBe(10); // for both of them
    for (const reader of readers) reader.leave();
    await eventually(() => streams.readers === 0);
    jest.advanceTimersByTime(60_000);
    expect(ticks).toBe(10);
  });

  it('begin with the head, and tell nothing before something is known', async () => {
    const reader = await EventStream.openAt(url);
    streams.push();
    text = '{"known":true}';
    streams.push();
    await eventually(() => reader.events.length > 0);
    expect(reader.events).toEqual([{ known: true }]);
    reader.leave();
  });
});
