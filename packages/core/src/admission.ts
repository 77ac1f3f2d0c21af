import type { App } from './app.ts';
import type { AppSpace } from './app-space.ts';
import { NODE_SLOT, type Registry, type Slot } from './ports/index.ts';

/** Whether one more connection fits, under the app's quota and in this node. */
export type Admission = 'admitted' | 'over_quota' | 'over_capacity';

/** The place of a connection under the quota of its app; none where the app has no quota. */
export function quotaSlot(app: App): Slot | undefined {
  const { maxConnections } = app.limits;
  return maxConnections > 0 ? { name: `app:${app.id}`, max: maxConnections } : undefined;
}

/**
 * What a connection needs from its beginning. Where an app wants authorised connections, they take their place under
 * its quota only when they are (Pusher "Authorized connections": others do not count).
 */
export function connectSlots(app: App, maxConnectionsOfNode: number): readonly Slot[] {
  const slots: Slot[] = [];
  if (maxConnectionsOfNode > 0) slots.push({ name: NODE_SLOT, max: maxConnectionsOfNode });
  const quota = quotaSlot(app);
  if (quota !== undefined && !app.authorisedOnly) slots.push(quota);
  return slots;
}

/** Places under a quota that its app did not have when its connections came. */
export function holdSlots({ app, connections }: AppSpace, registry: Registry): void {
  const quota = quotaSlot(app);
  if (quota === undefined) return;
  let without = 0;
  for (const { authorised, slots } of connections.values()) {
    if ((app.authorisedOnly && !authorised) || slots.includes(quota.name)) continue;
    slots.push(quota.name);
    without++;
  }
  if (without > 0) registry.hold(quota.name, without);
}

/** Takes all slots or none. */
export async function acquireAll(registry: Registry, slots: readonly Slot[]): Promise<Admission> {
  for (const [i, slot] of slots.entries()) {
    if (await registry.acquire(slot)) continue;
    for (const taken of slots.slice(0, i)) registry.release(taken.name);
    return slot.name === NODE_SLOT ? 'over_capacity' : 'over_quota';
  }
  return 'admitted';
}
