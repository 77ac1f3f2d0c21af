import { isDeepStrictEqual } from 'node:util';
import type { Log } from '@sluice/core';
import type { WebhookApp } from '@sluice/webhooks';
import type { LoadResult } from './config/load.ts';
import { renderProblem } from './config/print.ts';
import type { Settings } from './config/settings.ts';

/** The settings in force. Apps and their webhooks may change while the server runs; everything else stays until a restart. */
export class LiveSettings {
  settings: Settings;
  webhookApps: ReadonlyMap<string, WebhookApp>;
  readonly #log: Log;

  constructor(settings: Settings, log: Log) {
    this.settings = settings;
    this.webhookApps = byId(settings.webhooks.apps);
    this.#log = log;
  }

  /** Takes up what was read again, all of it or, where anything is wrong, nothing. Whether there is anything new. */
  read(result: LoadResult): boolean {
    if (!result.ok) {
      const problems = result.problems.map(renderProblem);
      this.#log.error('the configuration is not taken up: it has problems; what was in force stays so', { problems });
      return false;
    }
    const { apps, webhooks } = result.settings;
    const before = this.settings;
    const next = { ...before, apps, webhooks: { ...before.webhooks, apps: webhooks.apps } };
    // Where none is set, each reading makes another one.
    const { instanceId } = before;
    const fixed = changedKeys(next, { ...result.settings, instanceId });
    if (fixed.length > 0) this.#log.warn('settings that have changed wait for a restart', { settings: fixed });
    if (isDeepStrictEqual(before, next)) {
      this.#log.info('the apps are as they were');
      return false;
    }
    this.settings = next;
    this.webhookApps = byId(webhooks.apps);
    this.#log.info('the apps have changed', changes(before, next));
    return true;
  }
}

/** Sections that differ; not what is in them, which may be secret. */
function changedKeys(one: Settings, other: Settings): string[] {
  const keys = Object.keys(one) as (keyof Settings)[];
  return keys.filter((key) => !isDeepStrictEqual(one[key], other[key]));
}

function changes(before: Settings, after: Settings): { added: string[]; changed: string[]; removed: string[] } {
  const [old, now] = [new Map(appsOf(before)), new Map(appsOf(after))];
  const ids = [...now.keys()];
  return {
    added: ids.filter((id) => !old.has(id)),
    changed: ids.filter((id) => old.has(id) && !isDeepStrictEqual(old.get(id), now.get(id))),
    removed: [...old.keys()].filter((id) => !now.has(id)),
  };
}

function appsOf({ apps, webhooks }: Settings): [string, unknown][] {
  const webhooksOf = byId(webhooks.apps);
  return apps.map((app) => [app.id, [app, webhooksOf.get(app.id)]]);
}

function byId(apps: readonly WebhookApp[]): ReadonlyMap<string, WebhookApp> {
  return new Map(apps.map((app) => [app.id, app]));
}
