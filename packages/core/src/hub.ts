import { DELTA_DEFAULTS, DeltaEngine, type DeltaSettings, type PatchPool } from '@sluice/delta';
import { Filters } from '@sluice/filter';
import { CLOSE, createSocketId, deltaMessages, protocolError, serverMessages } from '@sluice/protocol';
import { acquireAll, type Admission, connectSlots, holdSlots, quotaSlot } from './admission.ts';
import type { App } from './app.ts';
import { AppSpace } from './app-space.ts';
import { AuthorisationDeadline } from './authorisation-deadline.ts';
import { Departures } from './departures.ts';
import type { Channel } from './channel.ts';
import { decodeEnvelope } from './envelope.ts';
import { Connection } from './connection.ts';
import { closeInSlices } from './close-in-slices.ts';
import { DeltaStream } from './delta-stream.ts';
import { deliver, tellAll } from './fanout.ts';
import { Message } from './message.ts';
import { MessageIds } from './message-ids.ts';
import type {
  Backbone,
  Clock,
  Frame,
  Framer,
  MemberAdded,
  MemberRemoved,
  Metrics,
  OnError,
  Registry,
  RegistryEvents,
  SubscriptionCount,
  Transport,
  UserRef,
} from './ports/index.ts';
import { receive } from './receive.ts';

/** What the hub needs from outside. */
export interface HubPorts {
  readonly framer: Framer;
  readonly backbone: Backbone;
  readonly registry: Registry;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** Threads for large deltas; without it all are made here. */
  readonly patchPool?: PatchPool | undefined;
  readonly onError: OnError;
}

/** The section `delta_compression`. */
export interface HubDeltaOptions extends DeltaSettings {
  /** Deltas do not name the algorithm of this section. */
  readonly omitAlgorithm: boolean;
  /** Subscriptions of one connection that take deltas; the others get plain messages. */
  readonly maxStatesPerConnection: number;
  /** When one worker sends a full message since its interval is over, all do. */
  readonly alignIntervals: boolean;
}

export interface HubOptions {
  /** Told to clients: how long a connection may be silent before they ping. */
  readonly activityTimeoutSeconds: number;
  /** Connections of all apps on this node; 0: unlimited. */
  readonly maxConnections: number;
  readonly maxSubscriptionsPerConnection: number;
  /** Whether a refused channel gets `pusher:subscription_error` beside Pusher's own `pusher:error`. */
  readonly sendSubscriptionErrors: boolean;
  /** How long a cache channel keeps its last event. */
  readonly cacheTtlMs: number;
  /** Within which connections of apps that want authorised ones have to show who they are. */
  readonly authorisationTimeoutMs: number;
  /** Connections that are taken out of their channels before others get their turn. */
  readonly departuresPerSlice: number;
  readonly deltas: HubDeltaOptions;
  readonly tagFiltering: {
    /** False: a subscription with a filter is refused. */
    readonly enabled: boolean;
    /** Whether subscribers get the tags of messages, on channels that say nothing else. */
    readonly enableTags: boolean;
  };
}

export interface NewConnection {
  readonly app: App;
  readonly transport: Transport;
  /** Pusher protocol version that the client speaks. */
  readonly protocol: number;
}

/** First protocol version whose handshake carries `activity_timeout`. */
const ACTIVITY_TIMEOUT_SINCE = 7;

/** One worker's realtime state and what may be done to it. */
export class Hub implements RegistryEvents {
  readonly ports: HubPorts;
  readonly options: HubOptions;
  readonly filters = new Filters();
  readonly #engine: DeltaEngine<Frame>;
  readonly #messageIds = new MessageIds();
  readonly #deadline: AuthorisationDeadline;
  readonly #departures = new Departures(this);
  readonly #spaces = new Map<string, AppSpace>();
  /** Apps after a change, by id; null before any. */
  #changedApps: ReadonlyMap<string, App> | null = null;

  constructor(ports: HubPorts, options: HubOptions) {
    this.ports = ports;
    this.options = options;
    const { authorisationTimeoutMs: timeoutMs } = options;
    this.#engine = createEngine(ports, options.deltas);
    this.#deadline = new AuthorisationDeadline({ timeoutMs, clock: ports.clock, onMissed: refuseUnauthorised });
  }

  space(app: App): AppSpace {
    let space = this.#spaces.get(app.id);
    if (space === undefined) {
      space = new AppSpace(this.#newest(app), this.ports.metrics.app(app.id), this.options.deltas);
      this.#spaces.set(app.id, space);
    }
    return space;
  }

  /**
   * The apps have other settings, and some may be new or gone. Settings hold from now on; what a connection was admitted
   * with is not judged again, unless its app may not be used any more.
   */
  changeApps(apps: readonly App[]): void {
    this.#changedApps = new Map(apps.map((app) => [app.id, app]));
    for (const space of this.#spaces.values()) {
      const [{ key }] = space.app.credentials;
      const isGone = !this.#changedApps.has(space.app.id);
      space.app = this.#newest(space.app);
      const { departuresPerSlice } = this.options;
      if (space.app.enabled) holdSlots(space, this.ports.registry);
      else
        closeInSlices(
          [...space.connections.values()],
          isGone ? CLOSE.unknownApp(key) : CLOSE.appDisabled,
          departuresPerSlice,
        );
    }
  }

  /** Whoever was admitted before a change may come after it. */
  #newest(app: App): App {
    return this.#changedApps === null ? app : (this.#changedApps.get(app.id) ?? { ...app, enabled: false });
  }

  /** Whether an app may open one more connection; at once where no quota is set. */
  admit(app: App): Admission | Promise<Admission> {
    const slots = connectSlots(app, this.options.maxConnections);
    return slots.length === 0 ? 'admitted' : acquireAll(this.ports.registry, slots);
  }

  /** Gives back an admission whose connection never came to be. */
  release(app: App): void {
    for (const { name } of connectSlots(app, this.options.maxConnections)) this.ports.registry.release(name);
  }

  /** Opens an admitted connection and greets it. */
  connect({ app, transport, protocol }: NewConnection): Connection {
    const space = this.space(app);
    const slots = connectSlots(app, this.options.maxConnections).map(({ name }) => name);
    const connection = new Connection({ id: createSocketId(), space, transport, framer: this.ports.framer, slots });
    space.connections.set(connection.id, connection);
    space.counters.connected++;
    space.counters.connections++;
    if (app.authorisedOnly) this.#deadline.add(connection);
    const timeout = protocol >= ACTIVITY_TIMEOUT_SINCE ? this.options.activityTimeoutSeconds : null;
    connection.send(serverMessages.connectionEstablished(connection.id, timeout));
    if (!space.app.enabled) transport.close(CLOSE.appDisabled);
    return connection;
  }

  /** The client has shown who it is. From now on the connection counts under the quota of an app that asks for this. */
  authorise(connection: Connection): void {
    const { app } = connection.space;
    if (connection.authorised) return;
    connection.authorised = true;
    if (!app.authorisedOnly) return;
    this.#deadline.delete(connection);
    const quota = quotaSlot(app);
    // One that came before its app wanted this has its place already.
    if (quota === undefined || connection.slots.includes(quota.name)) return;
    this.ports.registry.acquire(quota).then(
      (acquired) => {
        if (!acquired) connection.transport.close(CLOSE.overConnectionQuota);
        else if (connection.open && !connection.slots.includes(quota.name)) connection.slots.push(quota.name);
        else this.ports.registry.release(quota.name);
      },
      (error: unknown) => {
        this.ports.onError(error, { stage: 'authorise' });
        connection.transport.close(CLOSE.overCapacity);
      },
    );
  }

  receive(connection: Connection, text: string): void {
    if (connection.open) receive(this, connection, text);
  }

  /** The connection has gone. It is taken out of its own channels, at once or, where many go together, a little later. */
  disconnect(connection: Connection): void {
    if (!connection.open) return;
    connection.open = false;
    const { space } = connection;
    space.connections.delete(connection.id);
    space.counters.connected--;
    space.counters.disconnections++;
    this.#deadline.delete(connection);
    // At once: whoever comes back in this moment must not be refused for the connection that it lost.
    for (const name of connection.slots) this.ports.registry.release(name);
    this.#departures.add(connection);
  }

  /** A message that another worker published. Bytes that are no envelope are reported and dropped. */
  deliver(bytes: Uint8Array): void {
    const envelope = decodeEnvelope(bytes);
    if (envelope === undefined) {
      this.ports.onError(new Error('a message on the backbone has no known form'), { stage: 'deliver' });
      return;
    }
    const space = this.#spaces.get(envelope.appId);
    const channel = space?.channels.get(envelope.channel);
    if (space === undefined || channel === undefined) return;
    if (envelope.kept) channel.keptEvents++;
    if (channel.audience.size === 0) return;
    const frame = this.ports.framer.frameBytes(envelope.payload);
    deliver(this.ports, channel, new Message({ ...envelope, frame, except: space.connections.get(envelope.except) }));
  }

  /** A client that read too slowly reads again: it gets what was kept for it. */
  drained(connection: Connection): void {
    if (connection.open) connection.latest?.flush(connection.transport);
  }

  /** For the first subscriber of a channel that takes deltas. */
  openStream(channel: Channel): DeltaStream {
    const { name, delta, audience, space } = channel;
    const { onError } = this.ports;
    return new DeltaStream({
      engine: this.#engine,
      channel: this.#engine.open(name.raw, delta),
      audience,
      counters: space.counters,
      onError,
    });
  }

  /** Names a message among all of all workers; empty where there are no deltas. */
  nextMessageId(): string {
    return this.options.deltas.enabled ? this.#messageIds.next() : '';
  }

  memberAdded({ appId, channel, member, socketId }: MemberAdded): void {
    this.#tellChannel(appId, channel, { text: serverMessages.memberAdded(channel, member), except: socketId });
  }

  memberRemoved({ appId, channel, userId }: MemberRemoved): void {
    this.#tellChannel(appId, channel, { text: serverMessages.memberRemoved(channel, userId), except: '' });
  }

  subscriptionCount({ appId, channel, count }: SubscriptionCount): void {
    this.#tellChannel(appId, channel, { text: serverMessages.subscriptionCount(channel, count), except: '' });
  }

  userOnline({ appId, userId }: UserRef): void {
    this.#tellWatchers({ appId, userId }, { online: [userId], offline: [] });
  }

  userOffline({ appId, userId }: UserRef): void {
    this.#tellWatchers({ appId, userId }, { online: [], offline: [userId] });
  }

  userTerminated({ appId, userId }: UserRef): void {
    const connections = this.#spaces.get(appId)?.users.of(userId) ?? [];
    for (const connection of connections) connection.transport.close(CLOSE.userTerminated);
  }

  #tellWatchers({ appId, userId }: UserRef, change: serverMessages.WatchlistChange): void {
    const watchers = this.#spaces.get(appId)?.watchers.of(userId);
    if (watchers === undefined || watchers.size === 0) return;
    const frame = this.ports.framer.frame(serverMessages.watchlistEvents(change));
    for (const connection of watchers) {
      if (connection.knowsWatched) connection.transport.send(frame);
    }
  }

  #tellChannel(
    appId: string,
    name: string,
    { text, except }: { readonly text: string; readonly except: string },
  ): void {
    const space = this.#spaces.get(appId);
    const channel = space?.channels.get(name);
    if (space === undefined || channel === undefined || channel.audience.size === 0) return;
    tellAll(channel, this.ports.framer.frame(text), space.connections.get(except));
  }
}

function createEngine({ framer, clock, metrics, patchPool }: HubPorts, deltas: HubDeltaOptions): DeltaEngine<Frame> {
  const { poolFromBytes, maxRatio, minCohort, maxTrackBytes } = DELTA_DEFAULTS;
  return new DeltaEngine({
    wire: deltaMessages,
    press: { ofText: (text) => framer.frame(text), ofBytes: (bytes) => framer.binaryFrame(bytes) },
    clock,
    counters: metrics.deltas,
    pool: patchPool,
    poolFromBytes,
    maxRatio,
    minCohort,
    toldAlgorithm: deltas.omitAlgorithm ? deltas.algorithm : undefined,
    maxTrackBytes,
  });
}

function refuseUnauthorised(connection: Connection): void {
  connection.sendError(protocolError('notAuthorised'));
  connection.transport.close(CLOSE.notAuthorised);
}
