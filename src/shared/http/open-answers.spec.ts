import { createServer, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { eventually } from '../../../test/support/eventually.js';
import { OpenAnswers } from './open-answers.js';

const PIPELINED = 20;

test('answers are due until they are given, or their connection ends, whose turn never came too', async () => {
  const open = new OpenAnswers();
  const got: { readonly response: ServerResponse; readonly socket: Socket }[] = [];
  const server = createServer((request, response) => {
    const { socket } = request;
    got.push({ response, socket });
    open.add(response, socket);
    response.once('close', () => {
      open.delete(response, socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const ask = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
  const [one, other] = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
  one.write(ask.repeat(PIPELINED));
  other.write(ask);
  await eventually(() => Promise.resolve(got.length === PIPELINED + 1));
  expect(open.list()).toHaveLength(PIPELINED + 1);
  const [first] = got.filter(({ socket }) => open.of(socket).length === PIPELINED);
  first!.response.end();
  await eventually(() => Promise.resolve(open.list().length === PIPELINED));
  expect(open.of(first!.socket)).not.toContain(first!.response);
  one.destroy();
  await eventually(() => Promise.resolve(open.list().length === 1));
  other.destroy();
  await eventually(() => Promise.resolve(open.list().length === 0));
  await new Promise((resolve) => server.close(resolve));
});
