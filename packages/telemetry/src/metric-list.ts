export interface MetricSpec {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
}

/** Labels of what is counted per app. `port` tells the nodes of one machine apart. */
const APP = ['app_id', 'port'] as const;

/** Labels of what is counted per rate, as Sockudo's dashboards know them. */
const RATE = [...APP, 'limiter_type', 'request_context'] as const;

/** Every metric that a worker feeds, without the prefix. The documentation is made from this list. */
export const WORKER_METRICS = {
  connected: { name: 'connected', type: 'gauge', help: 'Open connections.', labels: APP },
  connections: { name: 'new_connections_total', type: 'counter', help: 'Connections established.', labels: APP },
  disconnections: { name: 'new_disconnections_total', type: 'counter', help: 'Connections ended.', labels: APP },
  connectionErrors: {
    name: 'connection_errors_total',
    type: 'counter',
    help: 'Handshakes refused, by reason. app_id is empty where the app is not known.',
    labels: [...APP, 'error_type'],
  },
  closed: {
    name: 'closed_connections_total',
    type: 'counter',
    help: 'Sockets closed, by WebSocket close code; codes that no standard names count as "other".',
    labels: ['port', 'code'],
  },
  bytesReceived: {
    name: 'socket_received_bytes',
    type: 'counter',
    help: 'Payload of messages from clients.',
    labels: APP,
  },
  bytesSent: { name: 'socket_transmitted_bytes', type: 'counter', help: 'Frames written to clients.', labels: APP },
  messagesReceived: {
    name: 'ws_messages_received_total',
    type: 'counter',
    help: 'Messages from clients.',
    labels: APP,
  },
  messagesSent: { name: 'ws_messages_sent_total', type: 'counter', help: 'Messages written to clients.', labels: APP },
  messagesDropped: {
    name: 'ws_messages_dropped_total',
    type: 'counter',
    help: 'Messages not sent because a client read too slowly; with disconnect_on_buffer_full the first one that does not fit.',
    labels: APP,
  },
  messagesConflated: {
    name: 'ws_messages_conflated_total',
    type: 'counter',
    help: 'Messages not sent because a newer one with the same conflation key took their place.',
    labels: APP,
  },
  messagesFiltered: {
    name: 'ws_messages_filtered_total',
    type: 'counter',
    help: 'Messages not sent because the tag filter of a subscriber did not let them through.',
    labels: APP,
  },
  deltaPlainBytes: {
    name: 'delta_plain_bytes_total',
    type: 'counter',
    help: 'Payload that subscribers with deltas would have been sent without them.',
    labels: APP,
  },
  deltaSentBytes: {
    name: 'delta_sent_bytes_total',
    type: 'counter',
    help: 'Payload that subscribers with deltas were sent.',
    labels: APP,
  },
  deltas: {
    name: 'delta_publications_total',
    type: 'counter',
    help: 'Messages for subscribers with deltas, by form: "delta" if at least one got a delta, else why all got them in full or plain.',
    labels: ['port', 'form', 'reason'],
  },
  deltasComputed: {
    name: 'delta_patches_total',
    type: 'counter',
    help: 'Patches, by algorithm and origin: computed here, or made by another worker.',
    labels: ['port', 'algorithm', 'origin'],
  },
  deltasPooled: {
    name: 'delta_pool_tasks_total',
    type: 'counter',
    help: 'Messages whose patches were left to the thread pool, by outcome.',
    labels: ['port', 'outcome'],
  },
  httpBytesReceived: { name: 'http_received_bytes', type: 'counter', help: 'Bodies of API requests.', labels: APP },
  httpBytesSent: { name: 'http_transmitted_bytes', type: 'counter', help: 'Bodies of API answers.', labels: APP },
  httpCalls: { name: 'http_calls_received_total', type: 'counter', help: 'Authenticated API requests.', labels: APP },
  rateLimitChecks: {
    name: 'rate_limit_checks_total',
    type: 'counter',
    help: 'Requests checked against a rate: of their app, or of their address (app_id "global").',
    labels: RATE,
  },
  rateLimitRefusals: {
    name: 'rate_limit_triggered_total',
    type: 'counter',
    help: 'Requests refused with 429.',
    labels: RATE,
  },
  subscriptions: {
    name: 'channel_subscriptions_total',
    type: 'counter',
    help: 'Subscriptions confirmed.',
    labels: [...APP, 'channel_type'],
  },
  unsubscriptions: {
    name: 'channel_unsubscriptions_total',
    type: 'counter',
    help: 'Subscriptions ended, by the client or with its connection.',
    labels: [...APP, 'channel_type'],
  },
  broadcastDuration: {
    name: 'broadcast_duration_seconds',
    type: 'histogram',
    help: 'From a message being accepted by a worker until all its subscribers there were written.',
    labels: ['port', 'channel_type', 'recipient_count_bucket'],
  },
  queuedBytes: {
    name: 'websocket_queued_bytes',
    type: 'gauge',
    help: 'Bytes waiting in the server for slow clients.',
    labels: ['port'],
  },
  busDropped: {
    name: 'bus_dropped_messages_total',
    type: 'counter',
    help: 'Messages for other workers dropped because the primary did not read the local bus.',
    labels: ['port'],
  },
  loopDelay: {
    name: 'event_loop_delay_seconds',
    type: 'gauge',
    help: 'Delay of the event loop since the last scrape, by percentile; 100 is the longest.',
    labels: ['port', 'worker', 'percentile'],
  },
  residentMemory: {
    name: 'worker_resident_memory_bytes',
    type: 'gauge',
    help: 'Resident memory of each worker.',
    labels: ['port', 'worker'],
  },
  cpu: {
    name: 'worker_cpu_seconds_total',
    type: 'counter',
    help: 'User and system CPU time of each worker.',
    labels: ['port', 'worker'],
  },
} as const satisfies Record<string, MetricSpec>;

/** Every metric that the primary feeds, without the prefix. */
export const PRIMARY_METRICS = {
  workers: { name: 'workers', type: 'gauge', help: 'Worker processes running.', labels: ['port'] },
  restarts: {
    name: 'worker_restarts_total',
    type: 'counter',
    help: 'Workers started again after they died.',
    labels: ['port'],
  },
  scrapesMissed: {
    name: 'worker_scrapes_missed_total',
    type: 'counter',
    help: 'Times that a worker did not answer a scrape in time; its last values stand in.',
    labels: ['port'],
  },
  channels: {
    name: 'active_channels',
    type: 'gauge',
    help: 'Channels with a subscriber on this node.',
    labels: [...APP, 'channel_type'],
  },
  busRoundTrip: {
    name: 'bus_round_trip_seconds',
    type: 'gauge',
    help: 'Time that a question took to each worker and back over the local bus at this scrape, in seconds.',
    labels: ['port', 'worker'],
  },
  webhookEvents: {
    name: 'webhook_events_total',
    type: 'counter',
    help: 'Events that webhooks are through with, once per endpoint.',
    labels: ['port', 'outcome'],
  },
  webhookFailures: {
    name: 'webhook_failed_calls_total',
    type: 'counter',
    help: 'Calls of webhooks that were not answered with 2xx in time; they are tried again.',
    labels: ['port'],
  },
  webhookQueue: {
    name: 'webhook_queued_events',
    type: 'gauge',
    help: 'Events that wait for an endpoint, or are on the way to it.',
    labels: ['port'],
  },
  webhookInherited: {
    name: 'webhook_inherited_events_total',
    type: 'counter',
    help: 'Events of webhooks that were taken over from nodes that died.',
    labels: ['port'],
  },
  webhookUnsaved: {
    name: 'webhook_unsaved_events',
    type: 'gauge',
    help: 'Events of webhooks that this process alone knows, though `queue.driver` is not `memory`.',
    labels: ['port'],
  },
} as const satisfies Record<string, MetricSpec>;

/** What the primary tells of other nodes, where there may be any. */
export const CLUSTER_METRICS = {
  nodes: { name: 'cluster_nodes', type: 'gauge', help: 'Nodes that live, this one included.', labels: ['port'] },
  connected: {
    name: 'cluster_connected',
    type: 'gauge',
    help: 'Whether this node can reach the others: 1, or 0 while the connection between them is lost.',
    labels: ['port'],
  },
  published: {
    name: 'cluster_published_messages_total',
    type: 'counter',
    help: 'Messages for other nodes.',
    labels: ['port'],
  },
  delivered: {
    name: 'cluster_received_messages_total',
    type: 'counter',
    help: 'Messages of other nodes that were passed on to workers.',
    labels: ['port'],
  },
  unconfirmed: {
    name: 'cluster_unconfirmed_messages',
    type: 'gauge',
    help: 'Messages for other nodes that the connection has not taken over.',
    labels: ['port'],
  },
  resent: {
    name: 'cluster_resent_messages_total',
    type: 'counter',
    help: 'Messages sent again after the connection was lost.',
    labels: ['port'],
  },
  refused: {
    name: 'cluster_refused_messages_total',
    type: 'counter',
    help: 'Messages that other nodes do not get, since adapter.outage_buffer was full.',
    labels: ['port'],
  },
  duplicates: {
    name: 'cluster_duplicate_messages_total',
    type: 'counter',
    help: 'Messages of other nodes that came again and were dropped.',
    labels: ['port'],
  },
  gaps: {
    name: 'cluster_gaps_total',
    type: 'counter',
    help: 'Times that messages of another node were found to be missing.',
    labels: ['port'],
  },
  repaired: {
    name: 'cluster_repaired_messages_total',
    type: 'counter',
    help: 'Missing messages that were asked for and came.',
    labels: ['port'],
  },
  lost: {
    name: 'cluster_lost_gaps_total',
    type: 'counter',
    help: 'Times that missing messages could not be had any more.',
    labels: ['port'],
  },
  unknown: {
    name: 'cluster_unknown_messages_total',
    type: 'counter',
    help: 'Messages between nodes that are none of this version.',
    labels: ['port'],
  },
} as const satisfies Record<string, MetricSpec>;
