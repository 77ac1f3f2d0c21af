import { createSocketId, serverMessages } from '@sluice/protocol';
import type { App } from './app.ts';
import { AppSpace } from './app-space.ts';
import { decodeEnvelope } from './envelope.ts';
import { Connection } from './connection.ts';
import { fanOut } from './fanout.ts';
import { endSubscription } from './handlers/unsubscribe.ts';
import type { Admission, Backbone, Clock, Framer, MemberAdded, MemberRemoved, Metrics, OnError, Registry, RegistryEvents, Transport } from './ports/index.ts';
import { receive } from './receive.ts';

/** What the hub needs from outside. */
export interface HubPorts {
  readonly framer: Framer;
  readonly backbone: Backbone;
  readonly registry: Registry;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly onError: OnError;
}

export interface HubOptions {
  /** Told to clients: how long a connection may be silent before they ping. */
  readonly activityTimeoutSeconds: number;
  /** Connections of all apps on this node; 0: unlimited. */
  readonly maxConnections: number;
  readonly maxSubscriptionsPerConnection: number;
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
  readonly #spaces = new Map<string, AppSpace>();

  constructor(ports: HubPorts, options: HubOptions) {
    this.ports = ports;
    this.options = options;
  }

  space(app: App): AppSpace {
    let space = this.#spaces.get(app.id);
    if (space === undefined) {
      space = new AppSpace(app, this.ports.metrics.app(app.id));
      this.#spaces.set(app.id, space);
    }
    return space;
  }

  /** Whether an app may open one more connection; at once where no quota is set. */
  admit(app: App): Admission | Promise<Admission> {
    if (!this.#hasQuota(app)) return 'admitted';
    return this.ports.registry.admit({ appId: app.id, maxConnections: app.limits.maxConnections });
  }

  /** Gives back an admission whose connection ended, or never came to be. */
  release(app: App): void {
    if (this.#hasQuota(app)) this.ports.registry.release(app.id);
  }

  /** Opens an admitted connection and greets it. */
  connect({ app, transport, protocol }: NewConnection): Connection {
    const space = this.space(app);
    const connection = new Connection({ id: createSocketId(), space, transport, framer: this.ports.framer });
    space.connections.set(connection.id, connection);
    space.counters.connected++;
    space.counters.connections++;
    const timeout = protocol >= ACTIVITY_TIMEOUT_SINCE ? this.options.activityTimeoutSeconds : null;
    connection.send(serverMessages.connectionEstablished(connection.id, timeout));
    return connection;
  }

  receive(connection: Connection, text: string): void {
    if (connection.open) receive(this, connection, text);
  }

  /** The connection has gone; takes it out of its own channels only. */
  disconnect(connection: Connection): void {
    if (!connection.open) return;
    connection.open = false;
    const { space } = connection;
    space.connections.delete(connection.id);
    space.counters.connected--;
    space.counters.disconnections++;
    for (const subscription of connection.subscriptions.values()) endSubscription(this, connection, subscription);
    connection.subscriptions.clear();
    this.release(space.app);
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
    if (space === undefined || channel === undefined || channel.subscribers.size === 0) return;
    const frame = this.ports.framer.frameBytes(envelope.payload);
    fanOut(this.ports, channel, { frame, except: space.connections.get(envelope.except) });
  }

  memberAdded({ appId, channel, member, socketId }: MemberAdded): void {
    this.#tellMembers(appId, channel, { text: serverMessages.memberAdded(channel, member), except: socketId });
  }

  memberRemoved({ appId, channel, userId }: MemberRemoved): void {
    this.#tellMembers(appId, channel, { text: serverMessages.memberRemoved(channel, userId), except: '' });
  }

  #tellMembers(appId: string, name: string, { text, except }: { readonly text: string; readonly except: string }): void {
    const space = this.#spaces.get(appId);
    const channel = space?.channels.get(name);
    if (space === undefined || channel === undefined || channel.subscribers.size === 0) return;
    fanOut(this.ports, channel, { frame: this.ports.framer.frame(text), except: space.connections.get(except) });
  }

  #hasQuota(app: App): boolean {
    return app.limits.maxConnections > 0 || this.options.maxConnections > 0;
  }
}
