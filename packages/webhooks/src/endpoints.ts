import { Endpoint } from './endpoint.ts';
import { endpointName } from './endpoint-name.ts';
import type { EndpointContext } from './options.ts';
import type { WebhookApp, WebhookTarget } from './webhook.ts';

interface AppEndpoints {
  readonly app: WebhookApp;
  readonly byKey: ReadonlyMap<string, Endpoint>;
}

/** The endpoints of all apps. When an app changes, targets that stay as they were keep their queues. */
export class Endpoints {
  readonly #context: EndpointContext;
  readonly #apps = new Map<string, AppEndpoints>();
  /** Those of targets that are no more, until they have sent what they had. */
  readonly #retired = new Set<Endpoint>();

  constructor(context: EndpointContext) {
    this.#context = context;
  }

  of(app: WebhookApp): Iterable<Endpoint> {
    const known = this.#apps.get(app.id);
    if (known?.app === app) return known.byKey.values();
    const byKey = this.#reconcile(app, known?.byKey ?? new Map());
    this.#apps.set(app.id, { app, byKey });
    return byKey.values();
  }

  /** The app is no more, or has no targets any more. */
  forget(appId: string): void {
    const known = this.#apps.get(appId);
    if (known === undefined) return;
    for (const endpoint of known.byKey.values()) this.#retired.add(endpoint);
    this.#apps.delete(appId);
  }

  all(): Endpoint[] {
    this.#forgetIdle();
    return [...[...this.#apps.values()].flatMap(({ byKey }) => [...byKey.values()]), ...this.#retired];
  }

  #reconcile(app: WebhookApp, before: ReadonlyMap<string, Endpoint>): Map<string, Endpoint> {
    this.#forgetIdle();
    const after = new Map<string, Endpoint>();
    const names = this.#context.ledger === null ? null : uniqueNames(app);
    for (const [place, target] of app.targets.entries()) {
      const key = uniqueKey(target, after);
      const owner = { app, place, name: names?.[place] ?? '' };
      const endpoint = before.get(key) ?? new Endpoint(owner, target, this.#context);
      endpoint.owner = owner;
      after.set(key, endpoint);
    }
    for (const [key, endpoint] of before) if (!after.has(key)) this.#retired.add(endpoint);
    return after;
  }

  #forgetIdle(): void {
    for (const endpoint of this.#retired) if (endpoint.queued === 0) this.#retired.delete(endpoint);
  }
}

function uniqueNames({ targets }: WebhookApp): string[] {
  const counts = new Map<string, number>();
  return targets.map((target) => {
    const name = endpointName(target);
    const count = counts.get(name) ?? 0;
    counts.set(name, count + 1);
    return `${name}.${count}`;
  });
}

/** An app may have the same target twice; each is an endpoint of its own. */
function uniqueKey(target: WebhookTarget, taken: ReadonlyMap<string, Endpoint>): string {
  const { destination, eventTypes, headers, filter } = target;
  const key = JSON.stringify([destination, eventTypes, headers, filter.prefix, filter.suffix, filter.pattern]);
  let count = 0;
  while (taken.has(`${key} ${count}`)) count++;
  return `${key} ${count}`;
}
