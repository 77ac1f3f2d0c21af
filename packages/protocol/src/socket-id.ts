import { randomFillSync } from 'node:crypto';

/** Names one connection in the whole cluster: two numbers joined by a dot, which every SDK validates. */
export type SocketId = string & { readonly __brand: 'SocketId' };

const FORM = /^\d{1,20}\.\d{1,20}$/;

export function isSocketId(text: string): text is SocketId {
  return FORM.test(text);
}

// Random numbers are drawn 512 ids at a time: one call into the kernel's generator each costs more than the id.
const pool = new Uint32Array(1024);
let used = pool.length;

/** 64 random bits: unguessable, and no two alike among any number of connections a cluster can hold. */
export function createSocketId(): SocketId {
  if (used >= pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const id = `${pool[used]}.${pool[used + 1]}`;
  used += 2;
  return id as SocketId;
}
