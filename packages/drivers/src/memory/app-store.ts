import type { App, AppStore } from '@sluice/core';

/** The apps of the configuration. Each key of an app finds it; which of them is valid is the app's own knowledge. */
export class MemoryAppStore implements AppStore {
  readonly #byId = new Map<string, App>();
  readonly #byKey = new Map<string, App>();

  constructor(apps: readonly App[]) {
    this.replace(apps);
  }

  /** From now on there are these apps and no others. */
  replace(apps: readonly App[]): void {
    this.#byId.clear();
    this.#byKey.clear();
    for (const app of apps) {
      this.#byId.set(app.id, app);
      for (const { key } of app.credentials) this.#byKey.set(key, app);
    }
  }

  byId(id: string): App | undefined {
    return this.#byId.get(id);
  }

  byKey(key: string): App | undefined {
    return this.#byKey.get(key);
  }
}
