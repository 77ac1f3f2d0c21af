import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { nkeys } from '@nats-io/transport-node';
import { NatsServer, TLS_FIXTURE, until } from '@sluice/testkit';
import { NatsBackplane, type NatsBackplaneOptions } from '../src/nats/nats-backplane.ts';

const TIMEOUT_MS = 1000;
const NO_ACCESS = { user: null, password: null, token: null, credentials: null, tlsCa: null };

interface Listening {
  readonly backplane: NatsBackplane;
  readonly log: string[];
}

function open(t: TestContext, port: number, access: Partial<NatsBackplaneOptions>): NatsBackplane {
  const backplane = new NatsBackplane({
    servers: [`127.0.0.1:${port}`],
    ...NO_ACCESS,
    prefix: 'p.',
    timeoutMs: TIMEOUT_MS,
    connectTimeoutMs: TIMEOUT_MS,
    ...access,
  });
  t.after(() => backplane.close());
  return backplane;
}

async function start(backplane: NatsBackplane): Promise<Listening> {
  const log: string[] = [];
  await backplane.start({
    message: (topic, message) => log.push(`${topic}=${message.toString()}`),
    connected: () => log.push('connected'),
    disconnected: (reason) => log.push(`disconnected: ${reason}`),
  });
  await new Promise<void>((resolve) => backplane.join('1:x', resolve));
  return { backplane, log };
}

/** From one end to another. */
async function expectWorks(t: TestContext, port: number, access: Partial<NatsBackplaneOptions>): Promise<void> {
  const { log } = await start(open(t, port, access));
  const sender = await start(open(t, port, access));
  sender.backplane.publish('1:x', Buffer.from('works'), () => {});
  await until('the message', () => log.includes('1:x=works'));
}

async function expectRefused(backplane: NatsBackplane, reason: RegExp): Promise<void> {
  const events = { message: () => {}, connected: () => {}, disconnected: () => {} };
  await assert.rejects(backplane.start(events), (error: Error) => {
    assert.match(error.message, reason);
    assert.match(error.message, /127\.0\.0\.1:\d+/);
    assert.doesNotMatch(error.message, /secret/);
    return true;
  });
}

async function nats(t: TestContext, args: readonly string[]): Promise<NatsServer> {
  const server = await NatsServer.start({ args });
  t.after(() => server[Symbol.asyncDispose]());
  return server;
}

function configFile(t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-nats-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'nats.conf');
  writeFileSync(file, text);
  return file;
}

function usersWith(permissions: string): string {
  return `authorization { users = [ { user: u, password: p, permissions: ${permissions} } ] }`;
}

const USER = { user: 'u', password: 'p' };

describe('A connection to NATS', { timeout: 60_000 }, () => {
  it('signs in with a password or a token, and says that it may not without repeating them', async (t) => {
    const byPassword = await nats(t, ['--user', 'u', '--pass', 'right-secret']);
    await expectWorks(t, byPassword.port, { user: 'u', password: 'right-secret' });
    await expectRefused(open(t, byPassword.port, { user: 'u', password: 'wrong-secret' }), /Authorization Violation/i);
    const byToken = await nats(t, ['--auth', 'right-secret']);
    await expectWorks(t, byToken.port, { token: 'right-secret' });
    await expectRefused(open(t, byToken.port, { token: 'wrong-secret' }), /Authorization Violation/i);
  });

  it('signs in with credentials', async (t) => {
    const { config, credentials } = issueCredentials();
    const { port } = await nats(t, ['-c', configFile(t, config)]);
    await expectWorks(t, port, { credentials });
    await expectRefused(open(t, port, { credentials: issueCredentials().credentials }), /Authorization Violation/i);
    await expectRefused(open(t, port, { credentials: 'no secret here' }), /credentials/i);
  });

  it('speaks TLS, and trusts only whom it is told to', async (t) => {
    const { certFile, keyFile } = TLS_FIXTURE;
    const { port } = await nats(t, ['--tls', '--tlscert', certFile, '--tlskey', keyFile]);
    await expectWorks(t, port, { tlsCa: readFileSync(certFile, 'utf8') });
    await expectRefused(open(t, port, {}), /self.signed/);
    const plain = await nats(t, []);
    await expectRefused(open(t, plain.port, { tlsCa: readFileSync(certFile, 'utf8') }), /tls/i);
  });

  it('says at the start which right it lacks', async (t) => {
    const mayNot = async (permissions: string): Promise<NatsBackplane> => {
      const { port } = await nats(t, ['-c', configFile(t, usersWith(permissions))]);
      return open(t, port, USER);
    };
    await expectRefused(await mayNot('{ publish: "other.>", subscribe: ">" }'), /Permissions Violation for Publish/i);
    await expectRefused(await mayNot('{ publish: ">", subscribe: "other.>" }'), /Permissions Violation for Sub/i);
  });

  it('counts as lost while it lacks a right, and confirms nothing that was turned down', async (t) => {
    const file = configFile(t, usersWith('{ publish: ">", subscribe: ">" }'));
    const server = await nats(t, ['-c', file]);
    const { log } = await start(open(t, server.port, USER));
    const sender = await start(open(t, server.port, USER));
    const reload = (permissions: string): void => {
      writeFileSync(file, usersWith(permissions));
      server.signal('SIGHUP');
    };
    reload('{ publish: { deny: "p.1:x" }, subscribe: ">" }');
    const confirmed: string[] = [];
    let count = 0;
    const publish = (): void => {
      const text = String(count++);
      sender.backplane.publish('1:x', Buffer.from(text), () => confirmed.push(text));
    };
    await until('the loss', () => {
      publish();
      return sender.log.some((each) => /Permissions Violation for Publish/i.test(each));
    });
    reload('{ publish: ">", subscribe: ">" }');
    await until('the return', () => sender.log.at(-1) === 'connected');
    const before = confirmed.length;
    await until('a confirmation', () => {
      publish();
      return confirmed.length > before;
    });
    await until('what was confirmed', () => confirmed.every((text) => log.includes(`1:x=${text}`)));
  });
});

/** What an operator of NATS would do with its tools: an account, and a user of it. */
function issueCredentials(): { readonly config: string; readonly credentials: string } {
  const [operator, account, user] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createUser()];
  const accountJwt = jwt(operator, account, { type: 'account', version: 2, limits: UNLIMITED });
  const userJwt = jwt(account, user, { type: 'user', version: 2, subs: -1, data: -1, payload: -1 });
  const operatorJwt = jwt(operator, operator, { type: 'operator', version: 2 });
  const seed = Buffer.from(user.getSeed()).toString();
  return {
    config: [
      `operator: ${operatorJwt}`,
      'resolver: MEMORY',
      `resolver_preload: { ${account.getPublicKey()}: ${accountJwt} }`,
    ].join('\n'),
    credentials: `${block('NATS USER JWT', userJwt)}\n${block('USER NKEY SEED', seed)}`,
  };
}

const UNLIMITED = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };

type Key = ReturnType<typeof nkeys.createUser>;

function jwt(issuer: Key, subject: Key, claims: object): string {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const body = {
    jti: 'test',
    iat: 0,
    iss: issuer.getPublicKey(),
    name: 'test',
    sub: subject.getPublicKey(),
    nats: claims,
  };
  const text = `${encode({ typ: 'JWT', alg: 'ed25519-nkey' })}.${encode(body)}`;
  return `${text}.${Buffer.from(issuer.sign(Buffer.from(text))).toString('base64url')}`;
}

function block(name: string, content: string): string {
  return `-----BEGIN ${name}-----\n${content}\n------END ${name}------\n`;
}
