import { fileURLToPath } from 'node:url';

/** A self-signed certificate for localhost and 127.0.0.1, made for tests and good for nothing else. */
export const TLS_FIXTURE = {
  certFile: fileURLToPath(new URL('../fixtures/tls-cert.pem', import.meta.url)),
  keyFile: fileURLToPath(new URL('../fixtures/tls-key.pem', import.meta.url)),
} as const;
