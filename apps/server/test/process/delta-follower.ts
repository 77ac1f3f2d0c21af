import * as vcdiff from '@ably/vcdiff-decoder';
import { RawClient, until } from '@sluice/testkit';
import { applyDelta } from 'fossil-delta';

/** What one message came as: `full` is a base for later deltas, `plain` is none. */
export interface Got {
  readonly form: 'delta' | 'full' | 'plain';
  /** Of a delta that names it. */
  readonly algorithm: string | undefined;
  /** As a subscriber without deltas gets it. */
  readonly text: string;
}

interface Frame {
  readonly event: string;
  readonly channel: string;
  readonly data: unknown;
  readonly __delta_seq?: number;
}

interface DeltaData {
  readonly delta: string;
  readonly seq: number;
  readonly base_index: number;
  readonly algorithm?: string;
}

const MARKS = /,"__delta_seq":\d+(?:,"__conflation_key":"[^"]*")?\}$/;

/** A client that takes deltas and decodes them with the published decoders. */
export class DeltaFollower implements AsyncDisposable {
  readonly client: RawClient;
  /** `data` of `pusher:delta_compression_enabled`. */
  readonly told: { readonly enabled: boolean; readonly algorithm?: string };
  readonly #bases = new Map<string, string>();
  #read = 0;

  private constructor(client: RawClient, told: DeltaFollower['told']) {
    this.client = client;
    this.told = told;
  }

  static async connect(url: string): Promise<DeltaFollower> {
    const client = await RawClient.connect(url);
    client.send({ event: 'pusher:enable_delta_compression', data: { algorithms: ['fossil', 'xdelta3'] } });
    const { data } = await client.next('pusher:delta_compression_enabled');
    return new DeltaFollower(client, data as DeltaFollower['told']);
  }

  async subscribe(channel: string, members: Readonly<Record<string, unknown>> = {}): Promise<void> {
    this.client.send({ event: 'pusher:subscribe', data: { channel, ...members } });
    const succeeded = `{"event":"pusher_internal:subscription_succeeded","channel":"${channel}"`;
    await until(`the subscription of ${channel}`, () => this.client.texts.some((text) => text.startsWith(succeeded)));
  }

  /** The next messages of all channels, in the order in which they came. */
  async messages(count: number): Promise<readonly Got[]> {
    const got: Got[] = [];
    while (got.length < count) {
      const text = await until('a message', () => this.client.texts[this.#read]);
      this.#read++;
      const message = this.#receive(text);
      if (message !== undefined) got.push(message);
    }
    return got;
  }

  async forms(count: number): Promise<readonly string[]> {
    return (await this.messages(count)).map(({ form }) => form);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
  }

  #receive(text: string): Got | undefined {
    const frame = JSON.parse(text) as Frame;
    if (frame.event === 'pusher:delta') return this.#delta(frame.channel, frame.data as DeltaData);
    if (frame.event.startsWith('pusher')) return undefined;
    const plain = text.replace(MARKS, '}');
    if (frame.__delta_seq === undefined) return { form: 'plain', algorithm: undefined, text: plain };
    this.#bases.set(`${frame.channel} ${frame.__delta_seq}`, plain);
    return { form: 'full', algorithm: undefined, text: plain };
  }

  #delta(channel: string, { delta, seq, base_index: base, algorithm }: DeltaData): Got {
    const known = this.#bases.get(`${channel} ${base}`);
    if (known === undefined) throw new Error(`no base ${base} of ${channel}`);
    const patch = Uint8Array.from(Buffer.from(delta, 'base64'));
    const source = new TextEncoder().encode(known);
    const decoded =
      (algorithm ?? this.told.algorithm) === 'fossil' ? applyDelta(source, patch) : vcdiff.decode(patch, source);
    const text = Buffer.from(decoded).toString();
    this.#bases.set(`${channel} ${seq}`, text);
    return { form: 'delta', algorithm, text };
  }
}
