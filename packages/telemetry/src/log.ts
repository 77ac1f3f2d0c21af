import type { Log, OnError } from '@sluice/core';
import { destination, type DestinationStream, pino, stdTimeFunctions } from 'pino';
import pretty from 'pino-pretty';

export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** `auto`: human on a terminal, JSON elsewhere. */
  readonly format: 'auto' | 'human' | 'json';
  readonly colors: boolean;
  /** In every line: which process it is. */
  readonly base: Readonly<Record<string, string | number>>;
  /** Instead of standard output. */
  readonly stream?: DestinationStream;
}

/** Members whose values never reach a log, up to two levels deep. */
const SECRET_NAMES = ['secret', 'auth', 'auth_signature', 'password', 'token', 'passphrase'];
const REDACTED = SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

/** Structured logging on standard output. */
export function createLog({ level, format, colors, base, stream }: LogOptions): Log {
  const isHuman = isHumanFormat(format);
  const out = stream ?? (isHuman ? prettyStream(colors) : destination({ fd: 1, sync: true }));
  const logger = pino(
    {
      level,
      base,
      redact: { paths: REDACTED, censor: '***' },
      formatters: { level: (label) => ({ level: label }) },
      timestamp: stdTimeFunctions.isoTime,
    },
    out,
  );
  return {
    debug: (message, fields) => logger.debug(fields ?? {}, message),
    info: (message, fields) => logger.info(fields ?? {}, message),
    warn: (message, fields) => logger.warn(fields ?? {}, message),
    error: (message, fields) => logger.error(fields ?? {}, message),
  };
}

export function isHumanFormat(format: LogOptions['format']): boolean {
  return format === 'human' || (format === 'auto' && process.stdout.isTTY);
}

function prettyStream(colors: boolean): DestinationStream {
  return pretty({
    colorize: colors && process.stdout.isTTY,
    sync: true,
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'pid,hostname',
    singleLine: true,
  });
}

/** The one place that failures of unwaited work go to. */
export function errorReporter(log: Log): OnError {
  return (error, { stage }) => {
    log.error('something failed that nobody waits for', {
      stage,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  };
}
