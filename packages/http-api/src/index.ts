export { HTTP_ERRORS, type HttpErrorSpec } from './errors.ts';
export { healthRoutes, type HealthOptions } from './health.ts';
export { httpApi, type HttpApiOptions } from './plugin.ts';
