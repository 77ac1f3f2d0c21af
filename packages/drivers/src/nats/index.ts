export { NatsBackplane, type NatsBackplaneOptions } from './nats-backplane.ts';
