/**
 * Given to Node as `--import`: writes to standard error, when the process ends, a line `loaded: <path>` for each module
 * of a package, CommonJS and ESM, that it loaded.
 */
import { createRequire, register } from 'node:module';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';

const { port1, port2 } = new MessageChannel();
register('./tell-resolved.mjs', import.meta.url, { data: { port: port2 }, transferList: [port2] });

process.once('exit', () => {
  const loaded = new Set(Object.keys(createRequire(import.meta.url).cache));
  for (let told = receiveMessageOnPort(port1); told; told = receiveMessageOnPort(port1)) {
    loaded.add(told.message);
  }
  const ofPackages = [...loaded].filter((path) => path.includes('/node_modules/'));
  process.stderr.write(ofPackages.map((path) => `loaded: ${path}\n`).join(''));
});
