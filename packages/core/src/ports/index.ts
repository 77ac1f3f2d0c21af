export * from './app-store.ts';
export * from './backbone.ts';
export * from './backplane.ts';
export * from './clock.ts';
export * from './log.ts';
export * from './metrics.ts';
export * from './registry.ts';
export * from './transport.ts';
