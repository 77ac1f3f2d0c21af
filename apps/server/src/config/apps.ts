import { APP_FIELD_NAMES, APP_FIELDS, type AppRecord, DEFAULT_SECRET, variableOf } from './app-fields.ts';
import { readApp } from './app-records.ts';
import type { Environment } from './environment.ts';
import type { RawRecord } from './formats.ts';
import { quote, type Report } from './problem.ts';
import type { Values } from './schema.ts';
import { isLoopback } from './text-formats.ts';

export interface AppsInput {
  readonly values: Values;
  /** Where the list of apps comes from. */
  readonly listSource: string;
  readonly environment: Environment;
  readonly report: Report;
}

/** An app and where it was found; the default app without any variable has no source. */
export interface SourcedApp {
  readonly record: AppRecord;
  readonly path: string;
  readonly source: string | undefined;
  readonly sourceOf: (field: string) => string;
}

interface RawApp {
  readonly raw: RawRecord;
  readonly source: string | undefined;
  readonly sourceOf: (field: string) => string;
}

/** The apps of the list and the one of the environment; without either, the default app. */
export function readApps(input: AppsInput): readonly SourcedApp[] {
  const { values, report } = input;
  const apps = rawApps(input).map(({ raw, source, sourceOf }, index): SourcedApp => {
    const path = `app_manager.array.apps[${index}]`;
    return { record: readApp(raw, { path, sourceOf, report, values }), path, source, sourceOf };
  });
  refuseDuplicates(apps, report);
  if (!values.ssl.enabled && values.trust_hops === 0) refuseForcedTls(apps, report);
  return apps;
}

function rawApps({ values, listSource, environment, report }: AppsInput): RawApp[] {
  const given = APP_FIELD_NAMES.filter((field) => environment.has(variableOf(field)));
  const sourceOf = (field: string): string => environment.get(variableOf(field))?.source ?? variableOf(field);
  const fields = Object.fromEntries(given.map((field) => [field, environment.get(variableOf(field))?.text]));
  const source = given.map(sourceOf).join(', ');
  const listed = values.app_manager.array.apps.map((raw): RawApp => {
    return { raw, source: listSource, sourceOf: () => listSource };
  });
  if (listed.length === 0) {
    return [{ raw: { ...defaultIdentity(), ...fields }, source: given.length === 0 ? undefined : source, sourceOf }];
  }
  if (given.length === 0) return listed;
  const fromEnvironment: RawApp = { raw: fields, source, sourceOf };
  if (!['id', 'key', 'secret'].every((field) => Object.hasOwn(fields, field))) {
    report.notices.push(
      `${source}: no effect, since ${listSource} has apps; ` +
        `set ${variableOf('id')}, ${variableOf('key')} and ${variableOf('secret')} to add one`,
    );
    return listed;
  }
  const id = String(fields['id']).trim();
  const same = listed.findIndex(({ raw }) => typeof raw['id'] === 'string' && raw['id'].trim() === id);
  if (same === -1) return [...listed, fromEnvironment];
  report.notices.push(`the app ${quote(id)} of ${listSource} is replaced by the one of ${sourceOf('id')}`);
  return listed.with(same, fromEnvironment);
}

function defaultIdentity(): RawRecord {
  const { id, key, secret } = APP_FIELDS;
  const named = Object.entries({ id, key, secret });
  return Object.fromEntries(
    named.map(([name, { fallback }]) => [name, fallback.kind === 'none' ? fallback.ofDefaultApp : '']),
  );
}

function refuseDuplicates(apps: readonly SourcedApp[], report: Report): void {
  const ids = new Map<string, string>();
  const keys = new Map<string, string>();
  const claim = (
    taken: Map<string, string>,
    app: SourcedApp,
    at: { readonly path: string; readonly name: unknown },
  ): void => {
    if (typeof at.name !== 'string') return;
    const path = `${app.path}.${at.path}`;
    const first = taken.get(at.name);
    if (first === undefined) taken.set(at.name, path);
    else {
      const source = app.sourceOf(at.path.replace(/\[.*/, ''));
      report.problems.push({
        path,
        source,
        found: `${quote(at.name)} a second time`,
        expected: `another than that of ${first}`,
      });
    }
  };
  for (const app of apps) {
    claim(ids, app, { path: 'id', name: app.record.id });
    claim(keys, app, { path: 'key', name: app.record.key });
    app.record.additional_keys.forEach((additional, index) => {
      claim(keys, app, { path: `additional_keys[${index}].key`, name: additional.key });
    });
  }
}

/** Such an app could not be reached by anybody. */
function refuseForcedTls(apps: readonly SourcedApp[], report: Report): void {
  for (const { record, path, sourceOf } of apps) {
    if (!record.force_tls) continue;
    const expected =
      'false, or ssl.enabled to be true, or trust_hops to count a proxy that has TLS: otherwise every connection would be refused';
    report.problems.push({ path: `${path}.force_tls`, source: sourceOf('force_tls'), found: 'true', expected });
  }
}

/** The default secret is public knowledge. */
export function noteDefaultSecret(apps: readonly SourcedApp[], values: Values, report: Report): void {
  if (isLoopback(values.host)) return;
  for (const { record } of apps) {
    const secrets = [
      record.secret,
      ...record.additional_keys.filter(({ enabled }) => enabled).map((key) => key.secret),
    ];
    if (!record.enabled || !secrets.includes(DEFAULT_SECRET)) continue;
    report.notices.push(
      `the app ${quote(record.id)} has the default secret and the host is ${values.host}: anybody who can reach this port ` +
        `can publish to its channels and read them; set ${variableOf('key')} and ${variableOf('secret')}`,
    );
  }
}
