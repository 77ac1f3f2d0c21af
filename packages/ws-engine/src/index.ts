export type { BackpressureLimits } from './client-socket.ts';
export type { Compression } from './compression.ts';
export { WsEngine, type WsEngineOptions } from './engine.ts';
export type { HandshakeRules } from './handshake.ts';
export type { LivenessOptions } from './liveness.ts';
export { Outbox, type OutboxOptions } from './outbox.ts';
export { readUpgradeHead, type UpgradeRequest } from './upgrade-request.ts';
export { ignoreSocketError } from './upgrade.ts';
