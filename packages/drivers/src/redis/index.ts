export type { Address, RedisConnection, RedisTls, Sentinels } from './connection.ts';
export { RedisBackplane, type RedisBackplaneOptions } from './redis-backplane.ts';
