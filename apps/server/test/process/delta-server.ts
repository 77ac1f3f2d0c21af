import assert from 'node:assert/strict';
import { after } from 'node:test';
import { type ApiClient, APP, SluiceProcess } from '@sluice/testkit';

const PROSE =
  'All of this is the same in every message, so that a delta has little to say and is worth its while. '.repeat(6);

export interface Published {
  readonly channel: string;
  readonly text?: string;
  /** In the data, as `item.id`. */
  readonly key?: string;
  /** In the data, to know the message by. */
  readonly value?: number;
  readonly tags?: Readonly<Record<string, string>>;
}

let published = 0;

function eventOf({ channel, text = PROSE, key, value, tags }: Published): object {
  const data = JSON.stringify({ item: { id: key }, number: ++published, value, text });
  return { name: 'e', channel, data, tags };
}

/** In one batch, so that nothing comes between them. */
export async function publish(api: ApiClient, ...events: readonly Published[]): Promise<void> {
  const batch = events.map(eventOf);
  const answer = await api.send({ method: 'POST', path: '/batch_events', body: { batch } });
  assert.equal(answer.status, 200, answer.text);
}

export function times(count: number, event: Published): Published[] {
  return Array.from({ length: count }, () => event);
}

interface DeltaServerOptions {
  readonly config?: Readonly<Record<string, unknown>>;
  /** `channel_delta_compression` of the app. */
  readonly rules?: object;
  readonly workers?: number;
}

/** For all tests of a suite. */
export function startDeltaServer({ config = {}, rules = {}, workers = 1 }: DeltaServerOptions): Promise<SluiceProcess> {
  const app = { ...APP, max_event_payload_in_kb: 100, channel_delta_compression: rules };
  const started = SluiceProcess.start({ workers, config: { app_manager: { array: { apps: [app] } }, ...config } });
  after(async () => (await started)[Symbol.asyncDispose]());
  return started;
}
