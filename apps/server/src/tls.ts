import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { TlsFiles } from './config/settings.ts';
import { StartupError } from './ports.ts';

/** Reads certificate and key, and makes sure that they go together. */
export function readTls({ certFile, keyFile, caFile, passphrase }: TlsFiles): SecureContextOptions {
  const options: SecureContextOptions = {
    cert: [read(certFile, 'ssl.cert_path'), ...(caFile === '' ? [] : [read(caFile, 'ssl.ca_path')])].join('\n'),
    key: read(keyFile, 'ssl.key_path'),
    ...(passphrase === '' ? {} : { passphrase }),
  };
  try {
    createSecureContext(options);
  } catch (error) {
    // OpenSSL's texts name neither file nor key.
    const why = error instanceof Error ? error.message : String(error);
    throw new StartupError(`TLS cannot be used with ${certFile} (ssl.cert_path) and ${keyFile} (ssl.key_path): ${why}`);
  }
  return options;
}

function read(file: string, setting: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new StartupError(`cannot read ${file} (${setting}): ${code}`);
  }
}
