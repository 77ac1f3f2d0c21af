import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ApiRequest,
  expectRefusal,
  expectStatus,
  jsonOf,
  nowSeconds,
  writeQuery,
  writeRawQuery,
} from '../clients/http-client.ts';
import { hmac, md5, requestText } from '../clients/signature.ts';
import type { RowContext } from '../context.ts';
import type { Row } from '../row.ts';
import { DOCUMENTED } from './documented.ts';

const WINDOW_SECONDS = 600;

/** A publish nobody listens to, as it is without any mistake. */
function publishTo(context: RowContext, auth: ApiRequest['auth'] = {}): ApiRequest {
  return { method: 'POST', path: '/events', body: { name: 'e', channel: context.channel(), data: 'd' }, auth };
}

/** Waits for the first part of a second, so that client and server see the same one. */
async function startOfSecond(): Promise<void> {
  const intoMs = Date.now() % 1000;
  if (intoMs > 300) await sleep(1000 - intoMs + 20);
}

/** Rows of authentication that are about one request each. */
export const HA: readonly Row[] = [
  {
    id: 'HA-01',
    statement: 'The documented signature of a request is right, and the server takes one made like it.',
    async run(c) {
      const body = '{"name":"foo","channels":["project-3"],"data":"{\\"some\\":\\"data\\"}"}';
      const digest = 'ec365a775a4cd0599faeb73354201b6f';
      assert.equal(md5(body), digest);
      const text = requestText('POST', '/apps/3/events', [
        ['body_md5', digest],
        ['auth_version', '1.0'],
        ['auth_key', DOCUMENTED.key],
        ['auth_timestamp', '1353088179'],
      ]);
      assert.equal(hmac(DOCUMENTED.secret, text), 'da454824c97ba181a32ccc17a72625ba02771f50b50e1e7430e47a1f3f457e6c');
      assert.deepEqual(jsonOf(await c.http().post('/events', body)), {});
    },
  },
  {
    id: 'HA-02',
    statement: 'A signed POST is accepted.',
    async run(c) {
      expectStatus(await c.http().send(publishTo(c)), 200);
    },
  },
  {
    id: 'HA-03',
    statement: 'A request without auth_key is refused with 401.',
    async run(c) {
      expectRefusal(await c.http().send(publishTo(c, { key: null })), 401, /Missing parameter: auth_key/);
    },
  },
  {
    id: 'HA-04',
    statement: 'An unknown auth_key is refused with 401.',
    async run(c) {
      expectRefusal(await c.http().send(publishTo(c, { key: 'nope' })), 401, /./);
    },
  },
  {
    id: 'HA-05',
    statement: 'The key of one app is refused with 401 on the path of another.',
    needs: ['second-app'],
    async run(c) {
      const { key, secret } = c.provision('second-app').app;
      expectRefusal(await c.http().send(publishTo(c, { key, secret })), 401, /./);
    },
  },
  {
    id: 'HA-06',
    statement: 'A missing auth_version is required, and any but 1.0 is not supported.',
    async run(c) {
      expectRefusal(await c.http().send(publishTo(c, { version: null })), 401, /Version required/);
      expectRefusal(await c.http().send(publishTo(c, { version: '2.0' })), 401, /Version not supported/);
    },
  },
  {
    id: 'HA-07',
    statement: 'A missing auth_timestamp is required.',
    async run(c) {
      expectRefusal(await c.http().send(publishTo(c, { timestamp: null })), 401, /Timestamp required/);
    },
  },
  {
    id: 'HA-08',
    statement: 'A timestamp may be off by 599 s and not by 600, in either direction.',
    async run(c) {
      for (const sign of [-1, 1]) {
        await startOfSecond();
        const near = publishTo(c, { timestamp: String(nowSeconds() + sign * (WINDOW_SECONDS - 1)) });
        expectStatus(await c.http().send(near), 200);
        await startOfSecond();
        const far = publishTo(c, { timestamp: String(nowSeconds() + sign * WINDOW_SECONDS) });
        expectRefusal(await c.http().send(far), 401, /Timestamp expired/);
      }
    },
  },
  {
    id: 'HA-09',
    statement: 'A wrong signature is answered with what has to be signed, and never with the right signature.',
    async run(c) {
      let right = '';
      const wrong = 'deadbeef'.repeat(8);
      const signature = (digest: string): string => {
        right = digest;
        return wrong;
      };
      const answer = await c.http().send(publishTo(c, { signature }));
      expectRefusal(answer, 401, /^Invalid signature: you should have sent HmacSHA256Hex\(/);
      for (const part of [
        'POST',
        `/apps/${c.target.app.id}/events`,
        `auth_key=${c.target.app.key}&auth_timestamp=`,
        wrong,
      ]) {
        assert.ok(answer.text.includes(part), `${part} is not in ${answer.text}`);
      }
      assert.ok(!answer.text.includes(right));
    },
  },
  {
    id: 'HA-10',
    statement: 'A body without body_md5 is refused with 401.',
    async run(c) {
      expectRefusal(await c.http().send(publishTo(c, { bodyMd5: null })), 401, /./);
    },
  },
  {
    id: 'HA-11',
    statement: 'body_md5 is of the raw bytes of the body; another is refused with 401.',
    async run(c) {
      const body = `{ "data" : "d",  "channel":"${c.channel()}",\n"name": "\\u0065" }`;
      expectStatus(await c.http().post('/events', body), 200);
      for (const bodyMd5 of [md5(JSON.stringify(JSON.parse(body))), md5(''), 'x']) {
        expectRefusal(await c.http().post('/events', body, { bodyMd5 }), 401, /./);
      }
    },
  },
  {
    id: 'HA-12',
    statement: 'A GET with the body_md5 of nothing is accepted.',
    async run(c) {
      expectStatus(await c.http().get('/channels', {}, { bodyMd5: 'd41d8cd98f00b204e9800998ecf8427e' }), 200);
    },
  },
  {
    id: 'HA-13',
    statement: 'Names of parameters in upper case are taken as lower case.',
    async run(c) {
      const write: typeof writeQuery = (query) => {
        return writeQuery(
          query.map(([name, value]) => [name.replaceAll(/(?:^|_)[a-z]/g, (part) => part.toUpperCase()), value]),
        );
      };
      expectStatus(await c.http().send(publishTo(c, { write })), 200);
    },
  },
  {
    id: 'HA-14',
    statement: 'Values may be percent-encoded or raw.',
    async run(c) {
      const query = { filter_by_prefix: `presence-${c.channel()}=@,;`, info: 'user_count' };
      for (const write of [writeQuery, writeRawQuery])
        expectStatus(await c.http().get('/channels', query, { write }), 200);
      const both = { info: 'user_count,subscription_count' };
      for (const write of [writeQuery, writeRawQuery]) {
        expectStatus(await c.http().get(`/channels/${c.channel('presence-')}`, both, { write }), 200);
      }
    },
  },
  {
    id: 'HA-15',
    statement: 'The order of the query does not count.',
    async run(c) {
      const query = { filter_by_prefix: 'presence-x', info: 'user_count' };
      const reversed: typeof writeQuery = (pairs) => writeQuery(pairs.toReversed());
      for (const write of [writeQuery, reversed]) expectStatus(await c.http().get('/channels', query, { write }), 200);
    },
  },
  {
    id: 'HA-16',
    statement: 'Lists in the query are signed as repeated names.',
    async run(c) {
      const [first, second] = [c.channel(), c.channel()];
      const socket = await c.connect();
      await socket.subscribe(first);
      await socket.subscribe(second);
      const answer = await c.http().send({
        method: 'POST',
        path: '/events',
        query: [
          ['name', 'e'],
          ['data', 'd'],
          ['channels[]', first],
          ['channels[]', second],
        ],
      });
      expectStatus(answer, 200);
      await socket.expectFrame({ event: 'e', channel: first, data: 'd' });
      await socket.expectFrame({ event: 'e', channel: second, data: 'd' });
    },
  },
  {
    id: 'HA-17',
    statement: 'An unknown parameter is part of what is signed.',
    async run(c) {
      const extra = [['extra', '1']] as const;
      expectStatus(await c.http().send({ ...publishTo(c), query: extra }), 200);
      expectRefusal(await c.http().send(publishTo(c, { unsigned: extra })), 401, /^Invalid signature/);
    },
  },
  {
    id: 'HA-18',
    statement: 'The method is signed in upper case.',
    async run(c) {
      expectRefusal(await c.http().send(publishTo(c, { signedMethod: 'post' })), 401, /^Invalid signature/);
      expectStatus(await c.http().send(publishTo(c, { signedMethod: 'POST' })), 200);
    },
  },
  {
    id: 'HA-19',
    statement: 'A signature for another method is refused.',
    async run(c) {
      expectRefusal(await c.http().send(publishTo(c, { signedMethod: 'GET' })), 401, /^Invalid signature/);
    },
  },
  {
    id: 'HA-20',
    statement: 'A signature for another path is refused.',
    async run(c) {
      expectRefusal(await c.http().send(publishTo(c, { signedPath: '/apps/other/events' })), 401, /^Invalid signature/);
    },
  },
  {
    id: 'HA-21',
    statement: 'A user id with special characters may stand in the path raw or encoded.',
    async run(c) {
      const user = `${c.channel()}@b.c=,;`;
      const pathWith = (id: string): string => `/users/${id}/terminate_connections`;
      // The last as libraries do that sign the path as they wrote it, and encode it on the way out.
      for (const [sent, signed] of [
        [user, user],
        [encodeURIComponent(user), encodeURIComponent(user)],
        [encodeURIComponent(user), user],
      ] as const) {
        const socket = await c.connect();
        await socket.signIn({ id: user });
        const signedPath = `/apps/${c.target.app.id}${pathWith(signed)}`;
        assert.equal((await c.http().post(pathWith(sent), {}, { signedPath })).text, '{}');
        await socket.expectClose(4009);
      }
      const response = await c.publisher().terminateUserConnections(user);
      assert.equal(response.status, 200);
    },
  },
  {
    id: 'HA-22',
    statement: 'A signature of a request of any other length is refused like any wrong one.',
    async run(c) {
      const wrong: readonly ((right: string) => string)[] = [
        () => '',
        (right) => right.slice(1),
        (right) => `${right}0`,
        () => 'é'.repeat(32),
        (right) => right.toUpperCase(),
      ];
      for (const signature of wrong) expectRefusal(await c.http().send(publishTo(c, { signature })), 401, /./);
    },
  },
  {
    id: 'HA-23',
    statement: 'A further key of the app signs requests as well, and a disabled one does not.',
    needs: ['several-keys'],
    async run(c) {
      const { enabled, disabled } = c.provision('several-keys');
      expectStatus(await c.http().send(publishTo(c, enabled)), 200);
      expectRefusal(await c.http().send(publishTo(c, disabled)), 401, /./);
    },
  },
  {
    id: 'HA-24',
    statement: 'A request of a disabled app is refused with 403.',
    needs: ['disabled-app'],
    async run(c) {
      const { app } = c.provision('disabled-app');
      expectRefusal(await c.http({ app }).send(publishTo(c)), 403, /./);
    },
  },
  {
    id: 'HA-25',
    statement: 'Refusals are plain text that ends in a newline.',
    async run(c) {
      const http = c.http();
      const answers = [
        await http.send(publishTo(c, { signature: () => 'x' })),
        await http.get('/channels', { info: 'nonsense' }),
        await http.post('/events', { name: 'e', data: 'x'.repeat(10_241), channel: 'x' }),
      ];
      assert.deepEqual(
        answers.map(({ status }) => status),
        [401, 400, 413],
      );
      for (const { headers, text } of answers) {
        assert.match(headers['content-type'] ?? '', /^text\/plain\b/);
        assert.match(text, /^[^\n]+\n$/);
      }
    },
  },
  {
    id: 'HA-26',
    statement: '50 requests on one connection get 50 answers.',
    async run(c) {
      const agent = c.oneConnection();
      const connections = new Set<unknown>();
      agent.on('free', (socket) => connections.add(socket));
      const http = c.http({ agent });
      for (let i = 0; i < 50; i++) expectStatus(await http.send(publishTo(c)), 200);
      assert.equal(connections.size, 1);
    },
  },
  {
    id: 'HA-27',
    statement: 'A body that is no JSON object is refused with 400.',
    async run(c) {
      for (const body of ['not json', '[]', '1', 'null', '{'])
        expectRefusal(await c.http().post('/events', body), 400, /./);
    },
  },
  {
    id: 'HA-28',
    statement: 'Other methods on known paths are refused, and unknown paths are not found.',
    async run(c) {
      const http = c.http();
      for (const method of ['HEAD', 'PUT', 'DELETE']) {
        const { status } = await http.send({ method, path: '/events' });
        assert.ok(status >= 400 && status < 500, `${method} got ${status}`);
      }
      for (const path of ['/nope', '/channels/x/nope']) expectStatus(await http.get(path), 404);
      expectStatus(await http.raw('GET', '/nope'), 404);
    },
  },
];
