export type { Admission } from './admission.ts';
export * from './app.ts';
export type { AppSpace } from './app-space.ts';
export type { Connection } from './connection.ts';
export * from './errors.ts';
export { Hub, type HubOptions, type HubPorts, type NewConnection } from './hub.ts';
export * from './ports/index.ts';
export { publish, type PublishedEvent, refusalOf } from './publish.ts';
export { RateWindow } from './rate-window.ts';
