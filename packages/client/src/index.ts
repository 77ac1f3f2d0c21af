export type { FilterExpression, FilterValue } from '@sluice/filter';
export type { Algorithm, Decode, DecoderSource, DecoderSources } from './decoders.ts';
export { DeltaWebSocket, type DeltaWebSocketOptions } from './delta-web-socket.ts';
export * from './filter-builders.ts';
export { type InstalledDeltas, installDeltas, type PusherClass } from './install-deltas.ts';
export type { ChannelOptions, DeltaChoice, DeltaLimits, DeltaOptions } from './options.ts';
export type { SocketClass, SocketLike } from './socket.ts';
export type { DeltaStats } from './stats.ts';
