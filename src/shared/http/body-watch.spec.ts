import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { standStill } from '../../../test/support/stand-still.js';
import { AppConfig } from '../config/app-config.js';
import { BodyWatch } from './body-watch.js';
import type { Problem } from './problem.js';

/** Idle for 3 s at most, and 10 bytes per second at least. */
const config = Object.assign(new AppConfig(), { bodyIdleSecondsMax: 3, bodyBytesPerSecondMin: 10 });
let watch: BodyWatch;

function watched() {
  const socket = { bytesRead: 1_000 };
  const request = { socket } as unknown as IncomingMessage;
  const problems: Problem[] = [];
  const body = watch.watch(request, (problem) => problems.push(problem));
  /** So many bytes each second, for so long. */
  const receive = (bytesPerSecond: number, seconds: number): void => {
    for (let i = 0; i < seconds; i += 1) {
      socket.bytesRead += bytesPerSecond;
      jest.advanceTimersByTime(1_000);
    }
  };
  return { body, request, socket, receive, codes: () => problems.map(({ code }) => code) };
}

describe('a body that is waited for', () => {
  beforeEach(() => {
    jest.useFakeTimers();
    watch = new BodyWatch(config);
    jest.advanceTimersByTime(1); // each look comes 1 ms behind its interval, with these timers
  });
  afterEach(() => {
    watch.onModuleDestroy();
    jest.useRealTimers();
  });

  it('may take as long as it takes while it comes in', () => {
    const { receive, codes } = watched();
    receive(10, 3_600);
    expect(codes()).toEqual([]);
  });

  it('is given up when nothing comes, once', () => {
    const { receive, codes } = watched();
    receive(0, 3);
    expect(codes()).toEqual([]);
    receive(0, 10);
    expect(codes()).toEqual(['BODY_TOO_SLOW']);
  });

  it('is given up when it trickles', () => {
    const { receive, codes } = watched();
    receive(9, 10);
    expect(codes()).toEqual(['BODY_TOO_SLOW']);
  });

  it('is not given up when it pauses for less than that', () => {
    const { receive, codes } = watched();
    for (let i = 0; i < 20; i += 1) {
      receive(100, 1);
      receive(0, 2);
    }
    expect(codes()).toEqual([]);
  });

  it('has time while its reader wants no more', () => {
    const { body, receive, codes } = watched();
    body.held = true;
    receive(0, 60);
    body.held = false;
    receive(0, 2);
    expect(codes()).toEqual([]);
    receive(0, 3);
    expect(codes()).toEqual(['BODY_TOO_SLOW']);
  });

  it('is nobody’s concern once it is done', () => {
    const { body, request, receive, codes } = watched();
    watch.done(body);
    receive(0, 60);
    watch.endBroken(request);
    expect(codes()).toEqual([]);
  });

  it('does not go by a wall clock', () => {
    const { receive, codes } = watched();
    receive(100, 1);
    jest.setSystemTime(Date.now() + 86_400_000);
    receive(100, 2);
    expect(codes()).toEqual([]);
  });

  it('ends when its connection says that no more of it can come', () => {
    const { request, receive, codes } = watched();
    watch.endBroken(request);
    watch.endBroken(request);
    receive(0, 60);
    expect(codes()).toEqual(['BODY_INCOMPLETE']);
  });

  it('ends so when the connection said it before anybody waited, once the caller has it', () => {
    const request = { socket: null } as unknown as IncomingMessage;
    watch.endBroken(request);
    const codes: string[] = [];
    watch.watch(request, ({ code }) => codes.push(code));
    expect(codes).toEqual([]);
    jest.runAllTicks();
    expect(codes).toEqual(['BODY_INCOMPLETE']);
  });
});

describe('a body that came while the process stood still', () => {
  it('is read before anybody is given up', async () => {
    const hasty = Object.assign(new AppConfig(), {
      ...{ bodyIdleSecondsMax: 0.1, bodyBytesPerSecondMin: 0 },
    });
    watch = new BodyWatch(hasty);
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const sender = connect((server.address() as AddressInfo).port, '127.0.0.1');
    sender.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na');
    const end = await new Promise<string>((resolve) => {
      server.once('request', (request) => {
        const body = watch.watch(request, ({ code }) => {
          resolve(code);
        });
        request.resume().once('end', () => {
          watch.done(body);
          resolve('read');
        });
        sender.write('b'); // with the kernel when this returns, and unread
        standStill(1_200); // a look is due by now
      });
    });
    sender.destroy();
    await new Promise((resolve) => server.close(resolve));
    watch.onModuleDestroy();
    expect(end).toBe('read');
  });
});
