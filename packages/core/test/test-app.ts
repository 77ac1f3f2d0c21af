import { APP } from '@sluice/testkit';
import type { App, AppLimits, HubOptions } from '../src/index.ts';

export interface AppChanges extends Partial<Omit<App, 'limits'>> {
  readonly limits?: Partial<AppLimits>;
}

/** The app of tests, client events on; also of the tests of packages that import core (`@sluice/core/testing`). */
export function testApp({ limits, ...rest }: AppChanges = {}): App {
  return {
    id: APP.id,
    credentials: [{ key: APP.key, secret: APP.secret }],
    enabled: true,
    clientMessages: true,
    subscriptionCount: true,
    subscriptionCountEvents: false,
    watchlistEvents: false,
    forceTls: false,
    allowedOrigins: [],
    authorisedOnly: false,
    webhookEvents: [],
    channelDelta: [],
    ...rest,
    limits: {
      maxConnections: 0,
      maxClientEventsPerSecond: 10,
      maxBackendEventsPerSecond: 0,
      maxReadRequestsPerSecond: 0,
      maxPresenceMembers: 100,
      maxPresenceMemberBytes: 1024,
      maxChannelNameLength: 164,
      maxChannelsPerEvent: 100,
      maxEventNameLength: 200,
      maxEventBytes: 10_240,
      maxBatchSize: 10,
      ...limits,
    },
  };
}

/** Deltas and tag filters as the configuration has them by default. */
export const EXTENSIONS = {
  deltas: {
    enabled: true,
    algorithm: 'fossil',
    fullMessageInterval: 10,
    minMessageBytes: 100,
    maxStateAgeMs: 300_000,
    maxConflationStatesPerChannel: 100,
    conflationKeyPath: null,
    conflationIntervalMs: 0,
    omitAlgorithm: false,
    maxStatesPerConnection: 100,
    alignIntervals: false,
  },
  tagFiltering: { enabled: true, enableTags: true },
} as const satisfies Partial<HubOptions>;
