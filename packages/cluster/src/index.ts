export { type GatewayBounds, type GatewayOptions, NodeGateway } from './nodes/index.ts';
export type { PrimaryQuestion, WorkerStart } from './bus/messages.ts';
export { OtherNodes, type OtherNodesOptions } from './primary/other-nodes.ts';
export { type DrainOptions, type NodeState, Primary, type PrimaryOptions } from './primary/primary.ts';
export {
  connectToPrimary,
  type PrimaryLink,
  type PrimaryLinkOptions,
  type WorkerDuties,
} from './worker/primary-link.ts';
