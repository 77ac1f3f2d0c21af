import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import type { AddressLimit } from '@sluice/core';
import { type AppRecord, toApp, toWebhookApp } from './app-fields.ts';
import type { Values } from './schema.ts';
import { toAdapter, toQueue } from './to-adapter.ts';
import type { Settings } from './settings.ts';

function toTls(ssl: Values['ssl']): NonNullable<Settings['tls']> {
  return {
    certFile: ssl.cert_path,
    keyFile: ssl.key_path,
    passphrase: ssl.passphrase,
    caFile: ssl.ca_path,
    plainPort: ssl.http_port,
    redirectPlain: ssl.redirect_http,
  };
}

function toWebhooks(values: Values, records: readonly AppRecord[]): Settings['webhooks'] {
  const { webhooks } = values;
  const { batching, retry } = webhooks;
  return {
    apps: records.map(toWebhookApp).filter(({ targets }) => targets.length > 0),
    batching: { enabled: batching.enabled, durationMs: batching.duration, size: batching.size },
    retry: {
      maxElapsedMs: retry.max_elapsed_time_ms,
      initialBackoffMs: retry.initial_backoff_ms,
      maxBackoffMs: retry.max_backoff_ms,
    },
    requestTimeoutMs: webhooks.request_timeout_ms,
    maxQueuedEvents: webhooks.max_queued_events,
    maxQueuedBytes: webhooks.max_queued_bytes,
    vacatedDelayMs: webhooks.vacated_delay_ms,
    queue: toQueue(values),
  };
}

function toAddressLimits({ rate_limiter: limiter, trust_hops: trustHops }: Values): Settings['addressLimits'] {
  if (!limiter.enabled || limiter.driver === 'none') return { api: null, upgrades: null };
  const toLimit = (limit: Values['rate_limiter']['api_rate_limit']): AddressLimit => ({
    name: limit.identifier,
    max: limit.max_requests,
    windowMs: limit.window_seconds * 1000,
    trustHops: limit.trust_hops ?? trustHops,
  });
  return { api: toLimit(limiter.api_rate_limit), upgrades: toLimit(limiter.websocket_rate_limit) };
}

function toDeltas(section: Values['delta_compression']): Settings['deltas'] {
  const { threads, max_queue: maxQueue, deadline_ms: deadlineMs } = section.pool;
  return {
    enabled: section.enabled,
    algorithm: section.algorithm,
    fullMessageInterval: section.full_message_interval,
    minMessageBytes: section.min_message_size,
    maxStateAgeMs: section.max_state_age_secs * 1000,
    maxConflationStatesPerChannel: section.max_conflation_states_per_channel,
    conflationKeyPath: section.conflation_key_path,
    conflationIntervalMs: section.conflation_interval_ms,
    omitAlgorithm: section.omit_delta_algorithm,
    maxStatesPerConnection: section.max_channel_states_per_socket,
    alignIntervals: section.cluster_coordination,
    pool: threads === 0 ? null : { threads, maxQueue, deadlineMs },
  };
}

/** Checked values in the units that the program uses. */
export function toSettings(values: Values, records: readonly AppRecord[]): Settings {
  const { websocket, http_api: httpApi, logging, metrics, shutdown } = values;
  return {
    host: values.host,
    port: values.port,
    pathPrefix: values.path_prefix === '/' ? '' : values.path_prefix,
    workers: values.workers === 0 ? availableParallelism() : values.workers,
    instanceId: values.instance.process_id === '' ? randomUUID() : values.instance.process_id,
    maxConnections: values.max_connections,
    activityTimeoutSeconds: values.activity_timeout,
    pongTimeoutSeconds: values.pong_timeout,
    userAuthenticationTimeoutSeconds: values.user_authentication_timeout,
    tls: values.ssl.enabled ? toTls(values.ssl) : null,
    trustHops: values.trust_hops,
    addressLimits: toAddressLimits(values),
    cors: {
      origins: values.cors.origin,
      methods: values.cors.methods,
      headers: values.cors.allowed_headers,
      credentials: values.cors.credentials,
    },
    adapter: toAdapter(values),
    scheduling: values.cluster.scheduling,
    cleanup: {
      connectionsPerSlice: values.cleanup.async_enabled ? values.cleanup.batch_size : Number.MAX_SAFE_INTEGER,
    },
    cache: {
      ttlMs: values.channel_limits.cache_ttl * 1000,
      maxEvents: values.cache.memory.max_capacity,
      maxBytes: values.cache.memory.max_bytes,
    },
    shutdown: {
      gracePeriodMs: values.shutdown_grace_period * 1000,
      drainWindowMs: shutdown.drain_window_ms,
      preStopDelayMs: shutdown.pre_stop_delay_ms,
    },
    websocket: {
      maxMessages: websocket.max_messages,
      maxBytes: websocket.max_bytes,
      disconnectOnBufferFull: websocket.disconnect_on_buffer_full,
      maxPayloadBytes: Math.min(
        websocket.max_message_size,
        websocket.max_frame_size,
        values.websocket_max_payload_kb * 1024,
      ),
      maxBackpressureBytes: websocket.max_backpressure,
      flushDelayMs: websocket.flush_delay_ms,
      writeBufferBytes: websocket.write_buffer_size,
      flushSliceMs: websocket.flush_slice_ms,
      pingIntervalMs: websocket.auto_ping ? websocket.ping_interval * 1000 : null,
      idleTimeoutMs: websocket.idle_timeout === 0 ? null : websocket.idle_timeout * 1000,
      compression: websocket.compression,
      allowMissingProtocol: websocket.allow_missing_protocol,
      sendSubscriptionErrors: websocket.subscription_errors,
      maxSubscriptionsPerConnection: values.channel_limits.max_subscriptions_per_connection,
    },
    deltas: toDeltas(values.delta_compression),
    tagFiltering: { enabled: values.tag_filtering.enabled, enableTags: values.tag_filtering.enable_tags },
    httpApi: {
      maxRequestBytes: httpApi.request_limit_in_mb * 1024 ** 2,
      usageEnabled: httpApi.usage_enabled,
      headersTimeoutMs: httpApi.headers_timeout * 1000,
    },
    webhooks: toWebhooks(values, records),
    metrics: {
      enabled: metrics.enabled,
      host: metrics.host,
      port: metrics.port,
      prefix: metrics.prometheus.prefix,
    },
    log: {
      level: values.debug ? 'debug' : logging.level,
      format: logging.format,
      colors: logging.colors_enabled,
    },
    apps: records.map(toApp),
  };
}
