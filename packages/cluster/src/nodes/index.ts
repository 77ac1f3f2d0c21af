export { type GatewayBounds, type GatewayCounters, type GatewayOptions, NodeGateway } from './gateway.ts';
