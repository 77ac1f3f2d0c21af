import type { Children } from '../children.ts';
import { startSluice } from '../servers/sluice.ts';
import { startSoketi } from '../servers/soketi.ts';
import type { SoketiPackage } from '../servers/soketi-package.ts';
import type { Settings } from './provisions.ts';
import type { Launch } from './supervised.ts';

export type Contestant = (settings: Settings) => Launch;

/** With one worker, as the other server is one process. */
export function sluiceContestant(children: Children): Contestant {
  const common = { children, cores: undefined, workers: 1, scheduling: 'primary' } as const;
  return ({ apps, sluice = {} }) =>
    (port) =>
      startSluice({ ...common, port, apps, env: sluice });
}

/** Pusher's limits, where soketi's defaults are others. */
const PUSHER_LIMITS = {
  'eventLimits.maxPayloadInKb': 10,
  'channelLimits.maxNameLength': 164,
  'presence.maxMemberSizeInKb': 1,
};
const CLIENT_EVENTS_PER_SECOND = 10;
/** soketi answers sign-ins only in apps that also want connections to be authorised in time; this is longer than any row. */
const SIGN_IN = { enable_user_authentication: true };
const AUTHORISED_IN_TIME = { userAuthenticationTimeout: 120_000 };
/** One that ends does so at once: the rows of others wait until it runs again. */
const END = { shutdownGracePeriod: 1 };

export function soketiContestant(children: Children, soketi: SoketiPackage): Contestant {
  const common = { children, cores: undefined, soketi };
  return ({ apps, soketi: options = {} }) => {
    const limited = apps.map((app) => ({ ...SIGN_IN, ...app, maxClientEventsPerSecond: CLIENT_EVENTS_PER_SECOND }));
    return (port) =>
      startSoketi({
        ...common,
        port,
        apps: limited,
        settings: { ...PUSHER_LIMITS, ...AUTHORISED_IN_TIME, ...END, ...options },
      });
  };
}
