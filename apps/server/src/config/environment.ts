import { ALIASES } from './aliases.ts';
import { APP_FIELD_NAMES, variableOf } from './app-fields.ts';
import { nearestName } from './nearest.ts';
import { keyName, type Report } from './problem.ts';
import { REDIS_URL_VARIABLE, redisUrlVariables } from './redis-url.ts';
import { LEAVES } from './schema.ts';

export type Variables = Readonly<Record<string, string | undefined>>;

/** Values by our names; `source` is the variable that was really set. */
export type Environment = ReadonlyMap<string, { readonly text: string; readonly source: string }>;

/** Names the file when there is no `--config`. */
export const CONFIG_VARIABLE = 'SLUICE_CONFIG';

export const OWN_VARIABLES: readonly string[] = [
  ...LEAVES.map(({ leaf }) => leaf.env),
  ...APP_FIELD_NAMES.map(variableOf),
  CONFIG_VARIABLE,
  REDIS_URL_VARIABLE,
];

/**
 * Kubernetes and Docker links put variables named after every service into its neighbours: a service called `sluice`
 * brings SLUICE_PORT=tcp://…, one called `metrics` brings METRICS_PORT. They are not meant for us.
 */
function isServiceLink(name: string, text: string): boolean {
  if (/_SERVICE_(?:HOST|PORT(?:_\w+)?)$|_PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$/.test(name)) return true;
  return name.endsWith('_PORT') && /^(?:tcp|udp|sctp):\/\//.test(text);
}

/** What is meant for us. Variables of an empty text count as not set, as compose files write them. */
export function readEnvironment(variables: Variables, report: Report): Environment {
  const textOf = (name: string): string | undefined => {
    const text = Object.hasOwn(variables, name) ? variables[name] : undefined;
    return text === undefined || text.trim() === '' || isServiceLink(name, text) ? undefined : text;
  };
  const environment = new Map<string, { text: string; source: string }>();
  for (const name of OWN_VARIABLES) {
    const text = textOf(name);
    if (text !== undefined) environment.set(name, { text, source: name });
  }
  const redisUrl = environment.get(REDIS_URL_VARIABLE)?.text;
  if (redisUrl !== undefined) {
    for (const [name, text] of redisUrlVariables(redisUrl, report)) {
      const own = environment.get(name);
      if (own !== undefined) report.notices.push(`${name} is ignored, since ${REDIS_URL_VARIABLE} is set`);
      environment.set(name, { text, source: REDIS_URL_VARIABLE });
    }
  }
  for (const [name, { target, convert }] of ALIASES) {
    const text = textOf(name);
    if (text === undefined) continue;
    const own = environment.get(target);
    if (own === undefined) {
      environment.set(target, { text: convert?.apply(text) ?? text, source: name });
      const how = convert === undefined ? '' : ` (${convert.doc})`;
      report.notices.push(`${name} is read as ${target}${how}; rename it`);
    } else {
      report.notices.push(`${name} is ignored, since ${own.source} is set`);
    }
  }
  for (const name of Object.keys(variables)) {
    if (textOf(name) !== undefined) reportUnknown(name, report);
  }
  return environment;
}

function reportUnknown(name: string, report: Report): void {
  const prefix = /^(?:SLUICE|SOCKUDO|SOKETI)_/.exec(name)?.[0];
  if (prefix === undefined || OWN_VARIABLES.includes(name) || ALIASES.has(name)) return;
  if (prefix === 'SLUICE_') {
    // The likeliest mistake is our prefix before a name that has none.
    const bare = name.slice(prefix.length);
    const nearest = OWN_VARIABLES.includes(bare)
      ? bare
      : (nearestName(name, OWN_VARIABLES) ?? nearestName(bare, OWN_VARIABLES));
    report.problems.push({
      path: '',
      source: keyName(name),
      found: 'an unknown variable',
      expected: nearest ?? 'a variable of the reference',
    });
    return;
  }
  const nearest = nearestName(name, ALIASES.keys());
  const hint = nearest === undefined ? '' : `; the nearest known one is ${nearest}`;
  report.notices.push(`${keyName(name)} has no effect here${hint}`);
}
