const OTHER_DRIVER = 'it belongs to a driver that is not chosen';
const NO_SUCH_QUEUE = 'connections are cleaned up by the worker that had them';

/** Keys of Sockudo that may stand in a file though there is nothing here for them to set, each with the reason. */
const INERT_KEYS: ReadonlyMap<string, string> = new Map([
  ['mode', 'there is one mode'],
  ['adapter.buffer_multiplier_per_cpu', 'there is no such buffer'],
  ['adapter.enable_socket_counting', 'quotas are counted in the primary, at no cost where there are none'],
  ['adapter.cluster.use_connection_manager', 'connections that are lost are always made anew'],
  ['adapter.cluster.use_sharded_pubsub', 'it is always used'],
  ['adapter.cluster_health.cleanup_interval_ms', 'dead nodes are looked for with every heartbeat'],
  ['adapter.cluster_health.enabled', 'it is always on'],
  ['adapter.nats.nodes_number', 'nodes find each other'],
  ['adapter.redis.cluster_mode', 'there is a driver for it, redis-cluster'],
  ['adapter.redis.redis_pub_options', 'connections are set in database.redis'],
  ['adapter.redis.redis_sub_options', 'connections are set in database.redis'],
  ['app_manager.cache', 'apps are in memory'],
  ['app_manager.scylladb', OTHER_DRIVER],
  ['cache.redis', OTHER_DRIVER],
  ['cache.memory.cleanup_interval', 'what is too old is never given out'],
  ['cleanup.queue_buffer_size', NO_SUCH_QUEUE],
  ['cleanup.batch_timeout_ms', NO_SUCH_QUEUE],
  ['cleanup.worker_threads', NO_SUCH_QUEUE],
  ['cleanup.max_retry_attempts', NO_SUCH_QUEUE],
  ['cleanup.fallback_to_sync', NO_SUCH_QUEUE],
  ['delta_compression.coordination_backend', 'workers and nodes agree by the messages themselves'],
  ['database.dynamodb', OTHER_DRIVER],
  ['database.mysql', OTHER_DRIVER],
  ['database.postgres', OTHER_DRIVER],
  ['database.redis.cluster_nodes', 'nodes of a cluster are set in adapter.cluster.nodes'],
  ['database.redis.key_prefix', 'what is kept in Redis is behind queue.redis.prefix'],
  ['database.scylladb', OTHER_DRIVER],
  ['database.surrealdb', OTHER_DRIVER],
  ['database_pooling', OTHER_DRIVER],
  ['http_api.accept_traffic', 'memory is bounded by limits of its own'],
  ['logging.include_target', 'lines have no target'],
  ['queue.redis.concurrency', 'each endpoint has one call at a time'],
  ['queue.redis.cluster_mode', OTHER_DRIVER],
  ['queue.redis.url_override', 'the connection is database.redis'],
  ['queue.redis_cluster', OTHER_DRIVER],
  ['queue.sqs', OTHER_DRIVER],
  ['queue.sns', OTHER_DRIVER],
  ['rate_limiter.redis', OTHER_DRIVER],
]);

/** Why a key of a file has no effect; `undefined`: it is not one of these. */
export function reasonWithoutEffect(path: string): string | undefined {
  return INERT_KEYS.get(path);
}
