import type { Settings } from './config/settings.ts';
import { inUrl } from './ports.ts';

/** What a person who has just started the server wants to know, with something to paste and see it work. */
export function banner(settings: Settings, version: string): string {
  const { host, port, pathPrefix, workers, scheduling, metrics, apps, tls } = settings;
  const s = tls === null ? '' : 's';
  const shown = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  const [app] = apps;
  const key = app?.credentials[0].key ?? '<app-key>';
  const more = apps.length > 1 ? ` and ${apps.length - 1} more` : '';
  const lines = [
    '',
    `  Sluice ${version}`,
    '',
    `  listening   http${s}://${inUrl(host)}:${port}${pathPrefix}  (WebSocket and HTTP API)`,
    `  workers     ${workers === 1 ? '1' : `${workers}, connections shared out by the ${scheduling}`}`,
    `  app         ${app === undefined ? 'none' : `id ${app.id}, key ${key}${more}`}`,
    `  metrics     ${metrics.enabled ? `http://${inUrl(metrics.host)}:${metrics.port}/metrics` : 'off'}`,
    '',
    '  Paste into a browser console and watch the greeting arrive:',
    '',
    `    ${snippet(`ws${s}://${inUrl(shown)}:${port}${pathPrefix}/app/${encodeURIComponent(key)}?protocol=7`)}`,
    '',
  ];
  return lines.join('\n');
}

/** Plain WebSocket code: works in any console, with no library to load. A URL holds no double quotes, but a key may hold single ones. */
function snippet(url: string): string {
  const subscribe = `'{"event":"pusher:subscribe","data":{"channel":"hello"}}'`;
  return `ws = new WebSocket("${url}"); ws.onmessage = (m) => console.log(m.data); ws.onopen = () => ws.send(${subscribe})`;
}
