import type { App } from '../app.ts';

/** Where apps come from. A store that has to ask somebody answers with a promise, an in-memory one at once. */
export interface AppStore {
  byKey(key: string): App | undefined | Promise<App | undefined>;
  byId(id: string): App | undefined | Promise<App | undefined>;
}
