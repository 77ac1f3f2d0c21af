export type { Address, RedisConnection, RedisTls, Sentinels } from './connection.ts';
export { RedisBackplane, type RedisBackplaneOptions } from './redis-backplane.ts';
export { RedisLedger, type RedisLedgerOptions } from './redis-ledger.ts';
