/** Which channels a webhook is about; what is not null has to fit. */
export interface ChannelFilter {
  readonly prefix: string | null;
  readonly suffix: string | null;
  /** A regular expression (ECMAScript, flag `u`) that the name has to match somewhere. */
  readonly pattern: string | null;
}

/** One endpoint of an app. */
export interface WebhookTarget {
  /** `http:` or `https:`; a user and password in it go out as basic authentication. */
  readonly url: string;
  /** Null: all. */
  readonly eventTypes: readonly string[] | null;
  readonly filter: ChannelFilter;
  readonly headers: Readonly<Record<string, string>>;
}

/** What webhooks need to know of an app. Survives JSON. */
export interface WebhookApp {
  readonly id: string;
  /** The oldest active key, and its secret. */
  readonly key: string;
  readonly secret: string;
  readonly targets: readonly WebhookTarget[];
}
