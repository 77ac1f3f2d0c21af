export type {
  Address,
  RedisAccess,
  RedisClusterConnection,
  RedisConnection,
  RedisTls,
  Sentinels,
} from './connection.ts';
export { RedisBackplane, type RedisBackplaneOptions } from './redis-backplane.ts';
export { RedisClusterBackplane, type RedisClusterBackplaneOptions } from './redis-cluster-backplane.ts';
export { RedisLedger, type RedisLedgerOptions } from './redis-ledger.ts';
