import assert from 'node:assert/strict';
import { channelAuth, hmac } from '../clients/signature.ts';
import type { Row } from '../row.ts';
import { DOCUMENTED } from './documented.ts';

/** Rows that check the signer of this suite against published signatures, and the server against the signer. */
export const AU_VECTORS: readonly Row[] = [
  {
    id: 'AU-01',
    statement: 'The documented signature of a private channel is right, and the server takes one made like it.',
    async run(c) {
      assert.equal(
        channelAuth(DOCUMENTED, { socketId: '1234.1234', channel: 'private-foobar' }),
        `${DOCUMENTED.key}:58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4`,
      );
      const socket = await c.connect();
      await socket.subscribe(c.channel('private-'));
    },
  },
  {
    id: 'AU-02',
    statement: 'The documented signatures of a presence channel are right, and the server takes one made like them.',
    async run(c) {
      const expected = {
        '{"user_id":10,"user_info":{"name":"Mr. Pusher"}}':
          'afaed3695da2ffd16931f457e338e6c9f2921fa133ce7dac49f529792be6304c',
        '{"user_id":10,"user_info":{"name":"Mr. Channels"}}':
          '31935e7d86dba64c2a90aed31fdc61869f9b22ba9d8863bba239c03ca481bc80',
      };
      const socket = await c.connect();
      for (const [channelData, digest] of Object.entries(expected)) {
        const claim = { socketId: '1234.1234', channel: 'presence-foobar', channelData };
        assert.equal(channelAuth(DOCUMENTED, claim), `${DOCUMENTED.key}:${digest}`);
        const channel = c.channel('presence-');
        socket.sendSubscribe(channel, { auth: socket.authFor(channel, channelData), channel_data: channelData });
        await socket.expectJoined(channel);
      }
    },
  },
  {
    id: 'AU-03',
    statement: 'The documented signature of a sign-in is right, and the server takes one made like it.',
    async run(c) {
      assert.equal(
        hmac(DOCUMENTED.secret, '1234.1234::user::{"id":"12345"}'),
        '4708d583dada6a56435fb8bc611c77c359a31eebde13337c16ab43aa6de336ba',
      );
      const socket = await c.connect();
      await socket.signIn({ id: '12345' });
    },
  },
  {
    id: 'AU-04',
    statement: 'The signatures in the tests of the Node library are right, and the server takes UTF-8 in signed data.',
    async run(c) {
      const text = 'ą§¶™€łü€ß£';
      const expected: readonly (readonly [signed: string, digest: string])[] = [
        ['123.456::user::{"id":"45678"}', 'f4b1fdeea7c93e32648c7230e32b172057c5623cace6cfce791c6e7035e0babd'],
        [
          '123.456::user::{"id":"55555","user_name":"test"}',
          'b8a9f173455903792ae2b788add0c4c78ad7372b3ae7fb5769479276a1993743',
        ],
        [`1.1::user::{"id":"${text}"}`, '620494cee53d6c568b49598313194088afda37218f0d059af03c0c898ed61ff4'],
        ['123.456:test', 'efa6cf7644a0b35cba36aa0f776f3cbf7bb60e95ea2696bde1dbe8403b61bd7c'],
        ['321.654:test', 'f6ecb0a17d3e4f68aca28f1673197a7608587c09deb0208faa4b5519aee0a777'],
        ['123.456:test1', 'd5ab857f805433cb50562da96afa41688d7742a3c3a021ed15a4d991a4d8cf94'],
        ['123.456:test:{"foo":"bar"}', 'f41faf9ead2ea76772cc6b1168363057459f02499ae4d92e88229dc7f4efa2d4'],
        [`1.1:test:"${text}"`, '2a229263e89d9c50524fd80c2e88be2843379f6931e28995e2cc214282c9db0c'],
      ];
      for (const [signed, digest] of expected) assert.equal(hmac('tofu', signed), digest, signed);
      const socket = await c.connect();
      const channel = c.channel('private-');
      socket.sendSubscribe(channel, {
        auth: socket.authFor(channel, JSON.stringify(text)),
        channel_data: JSON.stringify(text),
      });
      await socket.expectSubscribed(channel);
      await socket.signIn({ id: text });
    },
  },
];
