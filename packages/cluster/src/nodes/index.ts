export {
  type GatewayBounds,
  type GatewayCounters,
  type GatewayEvents,
  type GatewayOptions,
  NodeGateway,
} from './gateway.ts';
export type { NodeId } from './frames.ts';
