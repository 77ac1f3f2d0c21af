export { MemoryAppStore } from './memory/app-store.ts';
export { type Address, type RedisConnection, type RedisTls, type Sentinels } from './redis/connection.ts';
export { RedisBackplane, type RedisBackplaneOptions } from './redis/redis-backplane.ts';
export { NatsBackplane, type NatsBackplaneOptions } from './nats/nats-backplane.ts';
