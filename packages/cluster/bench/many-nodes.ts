import type { CountReport } from '@sluice/core';
import { NodeGateway } from '../src/nodes/index.ts';
import { encodeChanges, ChangeTexts } from '../src/registry/change-codec.ts';
import { NodeRegistry } from '../src/registry/node-registry.ts';
import type { Replication } from '../src/registry/replication.ts';
import { FakeBackplane, FakeNetwork } from '../test/nodes/network.ts';
import { wholeSnapshot } from '../test/registry-node.ts';
import { NO_LISTENER, SILENT } from '../test/silent.ts';

// What a node pays for the others, in memory and in time of its primary; apps/docs/scaling.md reckons with it:
//   node --expose-gc --conditions=@sluice/source packages/cluster/bench/many-nodes.ts

const CHANNELS = 100_000;
const MEMBERS = 100_000;
const MEMBERS_PER_CHANNEL = 100;
const CHANGES = 100_000;
const MESSAGES = 100_000;
/** As the benchmarks publish them: about 300 bytes. */
const BODY = Buffer.alloc(300, 'x');
const APP = '1001';

function registryOf(self: string): Replication {
  const registry = new NodeRegistry({
    now: () => performance.now(),
    cache: { maxEvents: 10, maxBytes: 1_000_000 },
    listener: NO_LISTENER,
    cluster: {
      self,
      hasWebhooks: () => false,
      toldElsewhere: () => {},
      settleMs: 1000,
      deadNodeMs: 7000,
      onChange: () => {},
    },
  });
  if (registry.replication === null) throw new TypeError('a registry without other nodes');
  return registry.replication;
}

function heapBytes(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

/** Bytes that each of so many has made it more. */
function bytesEach(count: number, add: () => void): number {
  const before = heapBytes();
  add();
  return Math.round((heapBytes() - before) / count);
}

function microsEach(count: number, work: () => void): number {
  const startedAt = performance.now();
  work();
  return Math.round((1e5 * (performance.now() - startedAt)) / count) / 100;
}

function say(what: string, value: number, unit: string): void {
  process.stdout.write(`${what.padEnd(75)} ${value} ${unit}\n`);
}

function channelOf(i: number): CountReport {
  return { appId: APP, channel: `channel-${i}`, subscriptions: 10, announce: false };
}

function measureMemory(): void {
  const { state } = registryOf('self');
  const countAll = (owner: string): void => {
    for (let i = 0; i < CHANNELS; i++) state.count(owner, channelOf(i));
  };
  say(
    'memory of a channel with subscribers on one other node',
    bytesEach(CHANNELS, () => countAll('node-1')),
    'bytes',
  );
  say(
    'of its subscribers on a second',
    bytesEach(CHANNELS, () => countAll('node-2')),
    'bytes',
  );
  const more = bytesEach(8 * CHANNELS, () => {
    for (let node = 3; node <= 10; node++) countAll(`node-${node}`);
  });
  say('on each of eight more', more, 'bytes');
  const joinAll = (): void => {
    for (let i = 0; i < MEMBERS; i++) {
      const channel = `presence-${Math.floor(i / MEMBERS_PER_CHANNEL)}`;
      state.joinElsewhere('node-1', { appId: APP, channel }, { userId: `user-${i}`, info: `{"name":"user ${i}"}` });
    }
  };
  say('memory of a presence member of another node', bytesEach(MEMBERS, joinAll), 'bytes');
}

/** Messages of other nodes, each with so many changes in it. */
function measureChanges(changesPerMessage: number): void {
  const replication = registryOf('self');
  replication.addNode('other');
  const messages: Buffer[] = [];
  let version = 0;
  const texts = new ChangeTexts((batch) => messages.push(encodeChanges(++version, batch)));
  const encoding = microsEach(CHANGES, () => {
    for (let i = 0; i < CHANGES; i++) {
      texts.add({ type: 'count', ...channelOf(i) });
      if (i % changesPerMessage === changesPerMessage - 1) texts.take();
    }
  });
  replication.applySnapshot('other', wholeSnapshot(registryOf('other')));
  const applying = microsEach(CHANGES, () => {
    for (const message of messages) replication.applyRemote('other', message);
  });
  const bytes = Math.round(messages.reduce((sum, message) => sum + message.length, 0) / CHANGES);
  const label = `a changed number of subscribers, ${changesPerMessage} in a message:`;
  say(`${label} bytes`, bytes, 'bytes');
  say(`${label} told`, encoding, 'µs');
  say(`${label} taken up`, applying, 'µs');
}

/** Through the gateway, with a transport that costs next to nothing. */
async function measureGateway(): Promise<void> {
  const network = new FakeNetwork();
  const gateways = [0, 1].map(() => {
    const backplane = new FakeBackplane(network);
    const gateway = new NodeGateway({
      backplane,
      bounds: {
        outgoing: { maxMessages: 1000, maxBytes: 1e6, maxAgeMs: 60_000 },
        incoming: { maxHeldBytes: 1e6, maxHoldMs: 60_000 },
      },
      beatMs: 100,
      deadMs: 60_000,
      log: SILENT,
    });
    return { backplane, gateway };
  });
  let heard = 0;
  const ignore = (): void => {};
  const events = {
    message: () => void heard++,
    lost: ignore,
    nodeJoined: ignore,
    nodeGone: ignore,
    connected: ignore,
    disconnected: ignore,
    stoodStill: ignore,
    notice: ignore,
  };
  const moving = setInterval(() => network.settle(), 1);
  await Promise.all(gateways.map(({ gateway }) => gateway.start(events)));
  clearInterval(moving);
  const [from, to] = gateways;
  if (from === undefined || to === undefined) throw new TypeError('no gateways');
  to.gateway.join('topic', ignore);
  network.settle();
  const micros = microsEach(MESSAGES, () => {
    for (let i = 0; i < MESSAGES; i++) {
      from.gateway.publish('topic', BODY);
      network.carry(from.backplane);
      network.read(from.backplane);
      network.read(to.backplane);
    }
  });
  if (heard !== MESSAGES) throw new Error(`${heard} of ${MESSAGES} messages arrived`);
  say('a message of 300 bytes, numbered, kept, and taken up by one other node', micros, 'µs');
  await Promise.all(gateways.map(({ gateway }) => gateway.close()));
}

if (globalThis.gc === undefined) throw new Error('memory is measured with node --expose-gc');
measureMemory();
for (const changes of [1, 100]) measureChanges(changes);
await measureGateway();
