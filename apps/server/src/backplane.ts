import { readFileSync } from 'node:fs';
import type { Backplane, Ledger } from '@sluice/core';
import type { QueueSettings, RedisSettings, Transport } from './config/settings.ts';
import { StartupError } from './ports.ts';

/** The transport between the nodes, not yet connected. Only the library that is needed is loaded. */
export async function createBackplane(transport: Transport): Promise<Backplane> {
  switch (transport.driver) {
    case 'redis': {
      const { RedisBackplane } = await import('@sluice/drivers/redis');
      const { redis, prefix, timeoutMs } = transport;
      return new RedisBackplane({ connection: { ...redis, tls: readRedisTls(redis) }, prefix, timeoutMs });
    }
    case 'nats': {
      const { NatsBackplane } = await import('@sluice/drivers/nats');
      const { caFile, ...options } = transport;
      return new NatsBackplane({ ...options, tlsCa: caFile === '' ? null : readPem(caFile, 'adapter.nats.ca_path') });
    }
  }
}

/** Where webhooks note what they owe, not yet connected. */
export async function createLedger({ redis, ...options }: QueueSettings): Promise<Ledger> {
  const { RedisLedger } = await import('@sluice/drivers/redis');
  return new RedisLedger({ connection: { ...redis, tls: readRedisTls(redis) }, ...options });
}

function readRedisTls({ tls }: RedisSettings): { readonly ca: string | null; readonly servername: null } | null {
  if (tls === null) return null;
  return { ca: tls.caFile === '' ? null : readPem(tls.caFile, 'database.redis.ca_path'), servername: null };
}

function readPem(file: string, setting: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new StartupError(`${setting}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
