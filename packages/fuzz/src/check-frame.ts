import { isJsonObject, parseJson } from '@sluice/protocol';
import { APP } from '@sluice/testkit';

/** What is wrong with a text frame of the server; undefined for nothing. */
export function faultOfFrame(text: string): string | undefined {
  if (text.includes(APP.secret)) return `it tells the secret: ${text}`;
  const parsed = parseJson(text);
  if (!parsed.ok) return `it is no JSON (${parsed.problem}): ${text}`;
  const frame = parsed.value;
  if (!isJsonObject(frame) || typeof frame['event'] !== 'string') return `it has no event: ${text}`;
  const { event, channel = '', data = '' } = frame;
  if (typeof channel !== 'string') return `its channel is no string: ${text}`;
  if (event !== 'pusher:error') return typeof data === 'string' ? undefined : `its data is no string: ${text}`;
  const isError = isJsonObject(data) && typeof data['message'] === 'string';
  return isError ? undefined : `an error without a message: ${text}`;
}
