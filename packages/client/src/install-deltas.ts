import { DeltaWebSocket } from './delta-web-socket.ts';
import type { ChannelOptions, DeltaOptions } from './options.ts';
import { shared } from './shared.ts';
import type { SocketClass } from './socket.ts';
import { type DeltaStats, noStats } from './stats.ts';

/** The part of pusher-js by which it opens WebSockets, the same in all its builds. */
interface Runtime {
  createWebSocket: (url: string) => unknown;
  getWebSocketAPI(): unknown;
}

/** The class of pusher-js, or the module that has it as default. */
export type PusherClass = { readonly Runtime: unknown } | { readonly default: { readonly Runtime: unknown } };

/** What {@link installDeltas} gives. */
export interface InstalledDeltas {
  /**
   * Sets what is said of a channel (or of all that begin so: `market-*`); undefined takes it back. A filter holds at once, also for
   * subscriptions there are; the rest from the next subscribe.
   */
  channel(name: string, options: ChannelOptions | undefined): void;
  /** A copy of the counters, over all connections. */
  stats(): DeltaStats;
  resetStats(): void;
  /** From the next connection on, pusher-js is as it was. */
  uninstall(): void;
}

const installed = new WeakSet<Runtime>();

/** Lets all clients of this pusher-js, Laravel Echo's too, ask for deltas and filters. Before the first is made. */
export function installDeltas(pusher: PusherClass, options: DeltaOptions = {}): InstalledDeltas {
  const runtime = runtimeOf(pusher);
  if (installed.has(runtime)) throw new Error('deltas are installed in this pusher-js already; uninstall() them first');
  const own = { ...options, WebSocket: runtime.getWebSocketAPI() as SocketClass };
  const common = shared(own);
  const { createWebSocket } = runtime;
  runtime.createWebSocket = (url) => new DeltaWebSocket(url, undefined, own);
  installed.add(runtime);
  // So that they are there by the time of the first connection.
  void common.decoders.load();
  return {
    channel: (name, channelOptions) => common.rules.set(name, channelOptions),
    stats: () => ({ ...common.stats }),
    resetStats: () => void Object.assign(common.stats, noStats()),
    uninstall() {
      runtime.createWebSocket = createWebSocket;
      installed.delete(runtime);
    },
  };
}

function runtimeOf(pusher: PusherClass): Runtime {
  const { Runtime: runtime } = 'Runtime' in pusher ? pusher : pusher.default;
  if (typeof runtime === 'object' && runtime !== null && 'createWebSocket' in runtime) return runtime as Runtime;
  throw new Error('this is not the class of pusher-js (7 or newer): it has no Runtime with createWebSocket');
}
