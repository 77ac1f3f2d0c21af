import {
  type App,
  type ChannelSummary,
  checkEvents,
  type Hub,
  publish,
  type PublishedEvent,
  type PublishRefusal,
} from '@sluice/core';
import { HttpError, httpError } from './errors.ts';
import { type EventRequest, parseEvent } from './event-parameters.ts';
import { attributesOf, byChannel } from './info.ts';
import { takeRate } from './rate.ts';
import { type Authenticated, parametersOf } from './request.ts';

const NOTHING_ASKED = {};

/** `POST /events`. A promise only where something has to be waited for. */
export function publishEvent(hub: Hub, authenticated: Authenticated): object | Promise<object> {
  const { app } = authenticated;
  const asked = parseEvent(parametersOf(authenticated));
  const accepted = accept(hub, app, [asked.event]);
  const answer = (): object | Promise<object> => (asked.info.size === 0 ? NOTHING_ASKED : channelsOf(hub, app, asked));
  return accepted === undefined ? answer() : accepted.then(answer);
}

/** Publishes all of the events, or throws why it publishes none. Settles when subscribers everywhere are being sent them. */
export function accept(hub: Hub, app: App, asked: readonly PublishedEvent[]): Promise<void> | undefined {
  const checked = checkEvents(app, asked);
  if ('refusal' in checked) throw refused(checked.refusal);
  const { events } = checked;
  const publishAll = (): Promise<void> | undefined => {
    publish(hub, app, events);
    // A publisher that waits for its answers may use another connection, and so another worker, for its next event.
    return hub.ports.backbone.takenUp();
  };
  const maxPerSecond = app.limits.maxBackendEventsPerSecond;
  if (maxPerSecond === 0) return publishAll();
  const points = events.reduce((sum, { channels }) => sum + channels.length, 0);
  if (points > maxPerSecond) throw httpError('rateUnreachable', points, maxPerSecond);
  return takeRate(hub, app, { kind: 'backend_events', points, maxPerSecond }).then(publishAll);
}

export function refused({ reason, message }: PublishRefusal): HttpError {
  return new HttpError(reason === 'too_large' ? 413 : 400, message);
}

/** What a publisher wants to know of the channels afterwards. */
export async function infoOf(
  hub: Hub,
  app: App,
  { event, info }: EventRequest,
): Promise<(readonly [string, object])[]> {
  const summaries = await hub.ports.registry.summaries(app.id, [...new Set(event.channels)]);
  return summaries.map((summary: ChannelSummary) => [summary.channel, attributesOf(app, summary, info)] as const);
}

async function channelsOf(hub: Hub, app: App, asked: EventRequest): Promise<object> {
  return { channels: byChannel(await infoOf(hub, app, asked)) };
}
