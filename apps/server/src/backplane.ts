import { readFileSync } from 'node:fs';
import type { Backplane, Ledger, OnError } from '@sluice/core';
import type { RedisTls } from '@sluice/drivers/redis';
import type { QueueSettings, Transport } from './config/settings.ts';
import { StartupError } from './ports.ts';

/** The transport between the nodes, not yet connected. Only the library that is needed is loaded. */
export async function createBackplane(transport: Transport): Promise<Backplane> {
  switch (transport.driver) {
    case 'redis': {
      const { RedisBackplane } = await import('@sluice/drivers/redis');
      const { redis, prefix, timeoutMs } = transport;
      const tls = readTls(redis.tls, 'database.redis.ca_path');
      return new RedisBackplane({ connection: { ...redis, tls }, prefix, timeoutMs });
    }
    case 'redis-cluster': {
      const { RedisClusterBackplane } = await import('@sluice/drivers/redis');
      const { cluster, prefix, timeoutMs } = transport;
      const tls = readTls(cluster.tls, 'database.redis.cluster.ca_path');
      return new RedisClusterBackplane({ connection: { ...cluster, tls }, prefix, timeoutMs });
    }
    case 'nats': {
      const { NatsBackplane } = await import('@sluice/drivers/nats');
      const { caFile, credentialsFile, ...options } = transport;
      const tlsCa = readFile(caFile, 'adapter.nats.ca_path');
      const credentials = readFile(credentialsFile, 'adapter.nats.credentials_path');
      return new NatsBackplane({ ...options, tlsCa, credentials });
    }
  }
}

/** Where webhooks note what they owe, not yet connected. */
export async function createLedger({ redis, ...options }: QueueSettings, onError: OnError): Promise<Ledger> {
  const { RedisLedger } = await import('@sluice/drivers/redis');
  const tls = readTls(redis.tls, 'database.redis.ca_path');
  return new RedisLedger({ connection: { ...redis, tls }, ...options, onError });
}

function readTls(tls: { readonly caFile: string } | null, setting: string): RedisTls | null {
  if (tls === null) return null;
  return { ca: readFile(tls.caFile, setting), servername: null };
}

/** Null: none is named. */
function readFile(file: string, setting: string): string | null {
  if (file === '') return null;
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new StartupError(`${setting}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
