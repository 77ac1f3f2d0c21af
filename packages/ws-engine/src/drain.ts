import { CLOSE } from '@sluice/protocol';
import type { ClientSocket } from './client-socket.ts';

const STEP_MS = 20;

/**
 * Closes all clients with 4200 at moments spread over the window, in random order and with jitter: pusher-js comes
 * back the moment it is closed, and all at once they would storm the servers that are left. Resolves after the last close was sent.
 */
export function closeSpread(clients: readonly ClientSocket[], windowMs: number): Promise<void> {
  const order = shuffled(clients);
  const startedAt = performance.now();
  const dueAt = order.map((_, i) => (windowMs * (i + Math.random())) / order.length);
  let next = 0;
  return new Promise((resolve) => {
    const step = (): void => {
      const elapsed = performance.now() - startedAt;
      while (next < order.length && (dueAt[next] ?? 0) <= elapsed) order[next++]?.close(CLOSE.reconnect);
      if (next < order.length) setTimeout(step, STEP_MS);
      else resolve();
    };
    step();
  });
}

function shuffled<T>(items: readonly T[]): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    const a = result[i];
    const b = result[j];
    if (a !== undefined && b !== undefined) {
      result[i] = b;
      result[j] = a;
    }
  }
  return result;
}
