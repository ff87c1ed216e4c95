// First: with a bad configuration the process ends here, before any decorator reads it.
import { appConfig } from './shared/config/config.js';
import 'reflect-metadata';
import { Application } from './application.js';
import { printReadyPage } from './ready-page.js';

/** Errors with a code of ours carry all that a person needs in their message. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string' ? error.message : (error.stack ?? '');
}

function signalled(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    // Kept on: npm and a terminal both pass Ctrl-C on, and the second one must not cut the drain.
    // SIGHUP: the terminal was closed.
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      process.on(signal, () => {
        resolve(signal);
      });
    }
  });
}

/** Whoever read our output has gone: no reason to stop taking events. */
function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

async function main(): Promise<void> {
  outliveReaders();
  const stop = signalled();
  const application = await Application.start(appConfig);
  application.flushLog(); // the page comes behind what was said on the way to it
  printReadyPage(application.facts(), appConfig);
  await stop;
  await application.stop();
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`revenue-etl: ${explain(error)}\n`);
    process.exit(1);
  },
);
