import { isatty } from 'node:tty';
import { inspect } from 'node:util';
import type { LoggerService } from '@nestjs/common';
import { pino, type DestinationStream, type Logger as Pino } from 'pino';
import { prettyFactory } from 'pino-pretty';

const STANDARD_OUTPUT = 1;
/** Lines that a reader has not taken yet; more are left out. */
const WAITING_BYTES_MAX = 1024 * 1024;
/** At the end, for a reader that takes nothing at present. */
const LAST_WORDS_MS = 1_000;

/** What Nest says of its own start, line by line, is of no use to whoever runs this. */
const FRAMEWORK_CONTEXTS: readonly unknown[] = [
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
];

type Level = 'info' | 'warn' | 'error' | 'fatal';

/**
 * The log of the process, on standard output: readable lines, in colour on a terminal, or JSON, one object a
 * line. Lines are written in the background: whoever reads them slowly, or not at all, holds up no request, and
 * what does not fit into a MiB meanwhile is left out and counted.
 */
export class ApplicationLogger implements LoggerService {
  private readonly out = pino.destination({
    dest: STANDARD_OUTPUT,
    sync: false,
    maxLength: WAITING_BYTES_MAX,
    retryEAGAIN: () => performance.now() < this.giveUpAt,
  });
  private readonly pino: Pino;
  private giveUpAt = Infinity;
  private dropped = 0;

  constructor(format: 'text' | 'json') {
    // Whoever read our output has gone: no reason to stop taking events.
    this.out.on('error', () => undefined);
    this.out.on('drop', () => (this.dropped += 1));
    this.out.on('drain', () => {
      this.tellDropped();
    });
    process.once('exit', () => {
      this.flush();
    });
    const options = {
      messageKey: 'message',
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level: string) => ({ level }) },
    };
    this.pino = pino(options, format === 'json' ? this.out : inText(this.out));
  }

  log(message: unknown, ...rest: unknown[]): void {
    if (!FRAMEWORK_CONTEXTS.includes(rest.at(-1))) this.write('info', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  /** Writes what waits, now: before somebody else writes to standard output, or the process ends. */
  flush(): void {
    this.giveUpAt = performance.now() + LAST_WORDS_MS;
    try {
      this.out.flushSync();
    } catch {
      // Nobody reads.
    }
    this.giveUpAt = Infinity;
  }

  /** @param rest as Nest has it: the context last, a stack before it. */
  private write(level: Level, message: unknown, rest: readonly unknown[]): void {
    const context = rest.at(-1);
    const stack = rest.length > 1 ? rest.at(-2) : undefined;
    const members = {
      ...(typeof context === 'string' ? { context } : {}),
      ...(typeof stack === 'string' ? { stack } : {}),
      ...(message instanceof Error ? { stack: message.stack } : {}),
    };
    if (message instanceof Error) this.pino[level](members, message.message);
    else if (typeof message === 'object') this.pino[level]({ ...members, ...message });
    else this.pino[level](members, typeof message === 'string' ? message : inspect(message));
  }

  private tellDropped(): void {
    if (this.dropped === 0) return;
    const { dropped } = this;
    this.dropped = 0;
    this.write('warn', { message: 'lines were left out: nobody read them in time', dropped }, [
      'Log',
    ]);
  }
}

function inText(out: DestinationStream): DestinationStream {
  const pretty = prettyFactory({
    colorize: isatty(STANDARD_OUTPUT),
    messageKey: 'message',
    timestampKey: 'time',
    translateTime: 'SYS:yyyy-mm-dd HH:MM:ss.l',
    ignore: 'pid,context',
    messageFormat: '{if context}[{context}] {end}{message}',
    errorLikeObjectKeys: [],
    singleLine: true,
  });
  return {
    write: (line) => {
      out.write(pretty(line));
    },
  };
}
