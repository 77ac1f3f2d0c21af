export { type DirectPublish, directPublish, type DirectPublishOptions } from './direct-publish.ts';
export { HTTP_ERRORS, type HttpErrorSpec } from './errors.ts';
export { type HealthOptions, healthRoutes, type HealthState } from './health.ts';
export { httpApi, type HttpApiOptions } from './plugin.ts';
