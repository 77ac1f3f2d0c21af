import { fillTemplate } from '@sluice/protocol';

export interface HttpErrorSpec {
  readonly status: number;
  /** `%s` stands for the parts given to {@link httpError}, in order. */
  readonly text: string;
  readonly remedy: string;
}

/**
 * What the API answers when it refuses, beside the refusals of a publish (core). Texts marked "Pusher" are those of
 * Pusher's own API, to the letter; its libraries and their users compare them.
 */
export const HTTP_ERRORS = {
  missingAuthParameter: {
    status: 401,
    text: 'Missing parameter: %s',
    remedy: 'Pusher. Sign the request; every Pusher server library does.',
  },
  unknownKey: {
    status: 401,
    text: 'Unknown auth_key: App key %s not in this cluster. Did you forget to specify the cluster?',
    remedy: 'Pusher. Use a key of an app that this server has.',
  },
  keyOfOtherApp: {
    status: 401,
    text: 'The auth_key belongs to another app than the one in the path (%s)',
    remedy: 'Use the app id that goes with the key.',
  },
  versionRequired: { status: 401, text: 'Version required', remedy: 'Pusher. Send `auth_version=1.0`.' },
  versionNotSupported: { status: 401, text: 'Version not supported', remedy: 'Pusher. Send `auth_version=1.0`.' },
  timestampRequired: {
    status: 401,
    text: 'Timestamp required',
    remedy: 'Pusher. Send `auth_timestamp`, seconds since 1970.',
  },
  timestampExpired: {
    status: 401,
    text: 'Timestamp expired: Given timestamp (%s) not within 600s of server time (%s)',
    remedy: 'Pusher. Set the clocks of both machines; send each request with a fresh signature.',
  },
  invalidSignature: {
    status: 401,
    text: 'Invalid signature: you should have sent HmacSHA256Hex("%s", your_secret_key), but you sent "%s"',
    remedy: 'Pusher. Compare the named string with the one that was signed; if they are equal the secret is wrong.',
  },
  bodyDigestRequired: {
    status: 401,
    text: 'Missing parameter: body_md5 (required for a request with a body)',
    remedy: 'Send the MD5 of the raw body in hexadecimal, and sign it with the other parameters.',
  },
  bodyDigestWrong: {
    status: 401,
    text: 'Invalid body_md5: it is not the MD5 of the body that arrived',
    remedy: 'Take the digest of the very bytes that are sent.',
  },
  appDisabled: { status: 403, text: 'Application disabled', remedy: 'Set `enabled` of the app to true.' },
  rateLimited: {
    status: 429,
    text: 'Rate limit exceeded: more than %s in a second',
    remedy: 'Slow down, or raise `max_backend_events_per_second` or `max_read_requests_per_second` of the app.',
  },
  addressRateLimited: {
    status: 429,
    text: 'Rate limit exceeded: more than %s requests from one address in %s s',
    remedy:
      'Wait as long as `Retry-After` says, or raise `rate_limiter.api_rate_limit`. Behind a proxy set `trust_hops`, or all clients count as one.',
  },
  rateUnreachable: {
    status: 400,
    text: 'Too much at once: this counts as %s events, and the app may publish %s in a second',
    remedy: 'Publish to fewer channels at once, or raise `max_backend_events_per_second` of the app.',
  },
  invalidBody: { status: 400, text: 'Invalid body: %s', remedy: 'Send one JSON object.' },
  missingParameter: {
    status: 400,
    text: 'Missing required parameter: %s',
    remedy: 'Pusher. Add the named parameter, in the body or the query.',
  },
  invalidParameter: {
    status: 400,
    text: 'Invalid parameter: %s',
    remedy: 'Send the parameter in the form that the text names.',
  },
  invalidChannelName: {
    status: 400,
    text: "Invalid channel name '%s'",
    remedy: 'Use the characters A-Z a-z 0-9 _ - = @ , . ; and no more than the app allows.',
  },
  unknownAttribute: {
    status: 400,
    text: "Unknown attribute '%s': info should be a comma separated list of attributes (%s)",
    remedy: 'Pusher. Ask only for the attributes that the text names.',
  },
  userCountNeedsPresenceFilter: {
    status: 400,
    text: 'user_count may only be requested for presence channels - please supply filter_by_prefix begining with presence-',
    remedy: 'Pusher, its spelling included. Add `filter_by_prefix=presence-`.',
  },
  userCountNeedsPresence: {
    status: 400,
    text: 'Cannot retrieve the user count unless the channel is a presence channel',
    remedy: 'Pusher. Ask for `subscription_count` instead.',
  },
  cacheNeedsCacheChannel: {
    status: 400,
    text: 'Cannot retrieve the cache unless the channel is a cache channel',
    remedy: 'Only channels whose names have `cache-` in their prefix keep their last event.',
  },
  subscriptionCountDisabled: {
    status: 400,
    text: 'Cannot retrieve the subscription count: it is disabled for this app',
    remedy: 'Set `enable_subscription_count` of the app to true.',
  },
  usersNeedPresence: {
    status: 400,
    text: 'Users can only be retrieved for presence channels',
    remedy: 'Pusher. Only presence channels know who is there.',
  },
  bodyTooLarge: {
    status: 413,
    text: 'The request body is larger than %s bytes',
    remedy: 'Send less at once, or raise `http_api.request_limit_in_mb`.',
  },
  internal: {
    status: 500,
    text: 'Internal server error',
    remedy: 'The log of the server has the cause, with the same time.',
  },
} as const satisfies Record<string, HttpErrorSpec>;

/** An answer that ends the request: plain text with a newline, as Pusher's API gives it. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Longest piece of a request that is repeated in the answer. */
const MAX_ECHO = 2000;

export function httpError(name: keyof typeof HTTP_ERRORS, ...parts: readonly (string | number)[]): HttpError {
  const spec = HTTP_ERRORS[name];
  return new HttpError(spec.status, fillTemplate({ text: spec.text, maxEcho: MAX_ECHO }, parts));
}
