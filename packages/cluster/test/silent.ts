import type { Log } from '@sluice/core';
import { LocalHub, type LocalHubOptions } from '../src/primary/local-hub.ts';
import type { NodeRegistryListener } from '../src/registry/node-registry.ts';

const ignore = (): void => {};

export const SILENT: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };

export const NO_LISTENER: NodeRegistryListener = {
  memberAdded: ignore,
  memberRemoved: ignore,
  subscriptionCount: ignore,
  userOnline: ignore,
  userOffline: ignore,
  userTerminated: ignore,
  happened: ignore,
};

/** A hub of which a test hears only what it asks for. */
export function localHub(options: Partial<LocalHubOptions> = {}): LocalHub {
  return new LocalHub({
    log: SILENT,
    cache: { maxEvents: 10, maxBytes: 1_000_000 },
    onEvent: ignore,
    onPrepared: ignore,
    onListening: ignore,
    onFailed: ignore,
    onStuck: ignore,
    ...options,
  });
}
