import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';

/** Requests as bytes of a connection. */

const HEAD = ['Host: localhost', 'User-Agent: fuzz'];

/**
 * @param request `method`, `path`, `headers` (whole lines), `body`, `chunks` (sizes; left out: a Content-Length)
 */
export function toWire({ method = 'POST', path = '/events', headers = [], body, chunks }) {
  const framing =
    chunks === undefined ? `Content-Length: ${body.length}` : 'Transfer-Encoding: chunked';
  const head = [`${method} ${path} HTTP/1.1`, ...HEAD, ...headers, framing, '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head), chunks === undefined ? body : toChunks(body, chunks)]);
}

/** The body in chunks of these sizes, again and again, with its end. */
export function toChunks(body, sizes) {
  const parts = [];
  for (let at = 0, i = 0; at < body.length; i += 1) {
    const part = body.subarray(at, at + sizes[i % sizes.length]);
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n'));
    at += part.length;
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')]);
}

export const PACKERS = {
  gzip: (bytes) => gzipSync(bytes, { level: 1 }),
  deflate: (bytes) => deflateSync(bytes, { level: 1 }),
  br: (bytes) => brotliCompressSync(bytes, { params: QUICK }),
};
/** BROTLI_PARAM_QUALITY is 1; the best one takes a hundred times as long. */
const QUICK = { 1: 1 };
