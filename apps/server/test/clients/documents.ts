import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { APP } from '@sluice/testkit';
import type { Page } from './backend.ts';

/**
 * Pages and scripts for a browser. `?user=` says whose page it is. Each page has `client` and `subscribe(name)`, and
 * in `seen` what came since: channel, event, data and, if there is one, sender.
 */
export function documents(port: number): Readonly<Record<string, Page>> {
  return {
    '/blank': html('<p>Nothing here.</p>'),
    '/pusher': html(`<script src="/pusher.min.js"></script><script>${pusherPage(port)}</script>`),
    '/encrypted': html(`<script src="/pusher-with-encryption.min.js"></script><script>${pusherPage(port)}</script>`),
    '/echo': html(
      `<script src="/pusher.min.js"></script><script src="/echo.iife.js"></script><script>${echoPage(port)}</script>`,
    ),
    '/pusher.min.js': script('pusher-js/dist/web/pusher.min.js'),
    '/pusher-with-encryption.min.js': script('pusher-js/dist/web/pusher-with-encryption.min.js'),
    '/echo.iife.js': script('laravel-echo/iife'),
  };
}

function html(body: string): Page {
  // Without the icon the browser would ask for one.
  const head = '<meta charset="utf-8"><link rel="icon" href="data:,"><title>Sluice</title>';
  return {
    type: 'text/html',
    content: `<!doctype html><html lang="en"><head>${head}</head><body>${body}</body></html>`,
  };
}

function script(specifier: string): Page {
  return { type: 'text/javascript', content: readFileSync(fileURLToPath(import.meta.resolve(specifier)), 'utf8') };
}

const USER = `
  const seen = [];
  const headers = { authorization: 'Bearer ' + new URLSearchParams(location.search).get('user') };
`;

function pusherPage(port: number): string {
  return `${USER}
  const client = new Pusher('${APP.key}', {
    cluster: 'local', wsHost: location.hostname, wsPort: ${port}, forceTLS: false, enabledTransports: ['ws', 'wss'],
    channelAuthorization: { transport: 'ajax', endpoint: '/broadcasting/auth', headers },
  });
  const subscribe = (name) => new Promise((resolve, reject) => {
    const channel = client.subscribe(name);
    for (const event of ['told', 'client-typing', 'pusher:member_added', 'pusher:member_removed']) {
      channel.bind(event, (data, metadata) => seen.push([name, event, data, ...(metadata?.user_id ? [metadata.user_id] : [])]));
    }
    channel.bind('pusher:subscription_succeeded', () => resolve());
    channel.bind('pusher:subscription_error', (error) => reject(new Error(JSON.stringify(error))));
  });`;
}

function echoPage(port: number): string {
  return `${USER}
  const client = new Echo.default({
    broadcaster: 'reverb', key: '${APP.key}', wsHost: location.hostname, wsPort: ${port}, forceTLS: false,
    enabledTransports: ['ws', 'wss'], auth: { headers },
  });
  const subscribe = (name) => new Promise((resolve, reject) => {
    client.private(name)
      .listen('OrderShipped', (data) => seen.push([name, 'OrderShipped', data]))
      .listenForWhisper('typing', (data) => seen.push([name, 'typing', data]))
      .subscribed(() => resolve())
      .error((error) => reject(new Error(JSON.stringify(error))));
  });`;
}
