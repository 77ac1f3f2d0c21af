export type { NatsAccess, NatsTimeouts } from './connection.ts';
export { NatsBackplane, type NatsBackplaneOptions } from './nats-backplane.ts';
