/** Which channels a webhook is about; what is not null has to fit. */
export interface ChannelFilter {
  readonly prefix: string | null;
  readonly suffix: string | null;
  /** A regular expression (ECMAScript, flag `u`) that the name has to match somewhere. */
  readonly pattern: string | null;
}

export interface HttpDestination {
  readonly kind: 'http';
  /** `http:` or `https:`; a user and password in it go out as basic authentication. */
  readonly url: string;
}

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Only with temporary credentials. */
  readonly sessionToken?: string;
}

/** A function of AWS Lambda. */
export interface LambdaDestination {
  readonly kind: 'lambda';
  /** Its name or ARN, either with a version or alias or without. */
  readonly functionName: string;
  readonly region: string;
  /** `Event`: Lambda takes the call and runs the function later. `RequestResponse`: the call waits for the function. */
  readonly invocationType: 'Event' | 'RequestResponse';
  /** Null: that of AWS. */
  readonly endpoint: string | null;
  /** Null: those that the AWS SDK finds in the environment, its files or the role of the machine. */
  readonly credentials: AwsCredentials | null;
}

/** One target of an app. */
export interface WebhookTarget {
  readonly destination: HttpDestination | LambdaDestination;
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
