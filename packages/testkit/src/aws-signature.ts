import { createHash, createHmac } from 'node:crypto';
import type { ReceivedCall } from './receiver.ts';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/lambda\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/;

/** The region that a call was signed for. */
export function regionOf({ headers }: ReceivedCall): string | undefined {
  return AUTHORIZATION.exec(headers.authorization ?? '')?.[3];
}

/** Whether a call without a query has the signature that these credentials give it (AWS "Signature Version 4"). */
export function isSignedBy({ accessKeyId, secretAccessKey }: AwsCredentials, call: ReceivedCall): boolean {
  const { method, url, headers, body } = call;
  const match = AUTHORIZATION.exec(headers.authorization ?? '');
  if (match === null) return false;
  const [, keyId, day = '', region = '', signed = '', signature] = match;
  const request = [
    method,
    // Encoded a second time, as for every service but S3.
    url.split('/').map(encodeURIComponent).join('/'),
    '',
    ...signed.split(';').map((name) => `${name}:${String(headers[name]).trim()}`),
    '',
    signed,
    sha256(body),
  ].join('\n');
  const scope = `${day}/${region}/lambda/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', String(headers['x-amz-date']), scope, sha256(request)].join('\n');
  const key = [day, region, 'lambda', 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  return keyId === accessKeyId && hmac(key, text).toString('hex') === signature;
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
