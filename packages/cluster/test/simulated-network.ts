/** What passes between two nodes, each pair in order. */
export type Signal =
  | { readonly type: 'changes'; readonly bytes: Buffer }
  | { readonly type: 'version'; readonly version: number }
  | { readonly type: 'ask' }
  | { readonly type: 'snapshot'; readonly pieces: readonly Buffer[] };

export const MAX_DELAY_MS = 20;
/** Longer than anything takes; numbers of subscribers wait for 50 ms. */
export const SETTLE_MS = 2 * MAX_DELAY_MS + 60;
export const DEAD_MS = 400;

export interface Peer {
  readonly id: string;
}

/** What nodes use to hear of each other. */
export interface SimulatedNetwork {
  readonly nowMs: number;
  /** Of each snapshot; infinite: it is made at once. */
  readonly stepsPerMs: number;
  send(from: Peer, to: string, signal: Signal): void;
  broadcast(from: Peer, signal: Signal): void;
}
