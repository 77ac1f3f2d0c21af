export type { BackpressureLimits } from './client-socket.ts';
export { WsEngine, type WsEngineOptions } from './engine.ts';
export type { HandshakeRules } from './handshake.ts';
export { Outbox, type OutboxOptions } from './outbox.ts';
